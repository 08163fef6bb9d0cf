"""Who imports whom: files, and the rooms that they stand in. Imports inside functions and those for types count too."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
Graph = Mapping[str, set[str]]


@cache
def modules() -> dict[str, Path]:
    """Every module of the product by its dotted name, but migrations."""
    found = [path for top in ("transport", "console") for path in (ROOT / top).rglob("*.py")]
    return {dotted(path): path for path in sorted(found) if "migrations" not in path.parts}


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports(module: str) -> frozenset[str]:
    """What a module names in its imports, as written: `from a import b` is `a.b`."""
    return frozenset(names(modules()[module].read_text()))


def names(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_of(name: str) -> str | None:
    """The product's module that a name is, or that it is taken from; None for a library's."""
    while name and name not in modules():
        name = name.rpartition(".")[0]
    return name or None


def room_of(module: str, rooms: Iterable[str]) -> str:
    """The narrowest of the rooms that a module stands in. Raises ValueError if there is none."""
    return max((room for room in rooms if f"{module}.".startswith(f"{room}.")), key=len)


@cache
def files() -> dict[str, set[str]]:
    """Module → the modules of the product that it imports."""
    return {each: {found for name in imports(each) if (found := module_of(name))} - {each} for each in modules()}


def circles(graph: Graph) -> list[list[str]]:
    """The shortest circle of each knot (strongly connected component) of two or more."""
    knots: list[set[str]] = []
    for each in sorted(graph):
        if not any(each in knot for knot in knots) and each in reached(graph, each):
            knots.append({other for other in reached(graph, each) if each in reached(graph, other)})
    return [min(filter(None, (shortest(graph, each) for each in sorted(knot))), key=len) for knot in knots]


def reached(graph: Graph, start: str) -> set[str]:
    found, ahead = set[str](), deque([start])
    while ahead:
        for each in graph[ahead.popleft()] - found:
            found.add(each)
            ahead.append(each)
    return found


def shortest(graph: Graph, start: str) -> list[str]:
    """The shortest way from a place back to it, itself at both ends; empty if there is none."""
    ways = deque([[start]])
    seen = set[str]()
    while ways:
        way = ways.popleft()
        for each in sorted(graph[way[-1]]):
            if each == start:
                return [*way, each]
            if each not in seen:
                seen.add(each)
                ways.append([*way, each])
    return []
