"""No regular expression of ours takes more than its share: whoever chooses the text must not choose the time."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from time import thread_time
from typing import Any

import pytest

import console
import transport

ROOT = Path(__file__).resolve().parents[2]
SEEDS = "a 1.-@<>\"\\(=;,\t\r\n_:/'&%[$`{#*|A0"
PAIRS = ("a.", "a@", '"a', "a:", "://", "\r\n", "\n ", ", ", "a=")
AROUND = (("", ""), ("", "\x00"))
NOTABLE, LONGEST = 0.01, 4096
"""Seconds of the processor from which a growth is measured; characters."""


USES: dict[str, Callable[[re.Pattern[Any]], Callable[[Any], object]]] = {
    "search": lambda pattern: pattern.search,
    "match": lambda pattern: pattern.match,
    "fullmatch": lambda pattern: pattern.fullmatch,
    "split": lambda pattern: pattern.split,
    "findall": lambda pattern: pattern.findall,
    "finditer": lambda pattern: pattern.findall,
    "sub": lambda pattern: lambda text: pattern.sub(text[:0], text),
    "subn": lambda pattern: lambda text: pattern.sub(text[:0], text),
}


@cache
def patterns() -> dict[str, re.Pattern[Any]]:
    """Every compiled pattern that a module or class of ours keeps, by a name for it."""
    found: dict[str, re.Pattern[Any]] = {}
    for package in (console, transport):
        for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "migrations" not in each.name and not each.name.endswith("__main__"):
                module = importlib.import_module(each.name)
                found |= {f"{each.name}.{name}": pattern for name, pattern in _kept(vars(module), each.name)}
    return {name: pattern for pattern, name in {pattern: name for name, pattern in found.items()}.items()}


def _kept(names: Any, module: str) -> Iterator[tuple[str, re.Pattern[Any]]]:
    for name, value in names.items():
        if isinstance(value, re.Pattern):
            yield name, value
        elif isinstance(value, type) and value.__module__ == module:
            yield from ((f"{name}.{inner}", pattern) for inner, pattern in _kept(vars(value), ""))
        elif isinstance(value, dict | list | tuple):
            within = value.values() if isinstance(value, dict) else value
            yield from ((name, each) for each in within if isinstance(each, re.Pattern))


@cache
def sources() -> dict[str, str]:
    """By the module's name."""
    files = (file for package in ("console", "transport") for file in (ROOT / package).rglob("*.py"))
    return {".".join(file.relative_to(ROOT).with_suffix("").parts): file.read_text() for file in files}


def uses(name: str) -> list[str]:
    """The methods by which our code asks the pattern: one that is only matched from the start is not searched for."""
    module, _, own = name.rpartition(".")
    places = [text for at, text in sources().items() if module.startswith(at) or not own.startswith("_")]
    return sorted({use for text in places for use in re.findall(rf"\b{own}\.({'|'.join(USES)})\(", text)})


def seconds(use: Callable[[Any], object], text: Any) -> float:
    began = thread_time()
    use(text)
    return thread_time() - began


def grows_too_fast(use: Callable[[Any], object], text: Callable[[int], Any]) -> bool:
    """Does twice the length cost much more than twice the time, the best of three?"""
    length = 16
    while length <= LONGEST:
        if seconds(use, text(length)) > NOTABLE:
            once = min(seconds(use, text(length // 2)) for _ in range(3))
            return min(seconds(use, text(length)) for _ in range(3)) > 2.8 * once
        length *= 2
    return False


def texts(pattern: re.Pattern[Any]) -> Iterator[tuple[str, Callable[[int], Any]]]:
    """Hostile ones: what the pattern itself speaks of, over and over, and then something else."""
    written = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    literal = set(re.sub(r"\\[A-Za-z]", "", written)) - set("\\()[]{}?*+|^$")
    for piece in [*sorted(literal | set(SEEDS)), *PAIRS]:
        for before, after in AROUND:

            def text(length: int, piece: str = piece, before: str = before, after: str = after) -> Any:
                made = before + piece * (length // len(piece)) + after
                return made if isinstance(pattern.pattern, str) else made.encode("latin-1", "replace")

            yield f"{before!r} {piece!r} … {after!r}", text


@pytest.mark.parametrize("name", patterns())
def test_time_grows_with_the_text_and_not_with_its_square(name: str) -> None:
    pattern = patterns()[name]
    asked = [USES[use](pattern) for use in uses(name)] or [USES["fullmatch"](pattern)]
    slow = [shape for shape, text in texts(pattern) for use in asked if grows_too_fast(use, text)]
    assert not slow, f"{name} is slow: {slow[:5]}"
