"""Format-List: `Name : value`, long values wrapped under themselves, objects apart by empty lines."""

from __future__ import annotations

import re

from console.moving_in.objects import CUT_OFF, Value

LINE = re.compile(r"([A-Za-z][A-Za-z0-9_.]*)\s*: ?(.*)")
_SHORTENED = re.compile(r"(?:\.\.\.|…)$")


def objects(text: str) -> list[dict[str, Value]]:
    """The properties of each object; lines that are none of its lines (a prompt, a title) are passed over."""
    lines = [line.rstrip() for line in text.splitlines()]
    width = max(map(len, lines), default=0)
    found: list[dict[str, str]] = []
    name, column, apart = "", 0, True
    for line in lines:
        match = LINE.match(line)
        if not line:
            apart = True
        elif match and not line[0].isspace():
            name, column = match[1], match.start(2)
            if not found or name in found[-1] or (apart and _begins(found, name)):
                found.append({})
            found[-1][name] = match[2]
            apart, full = False, len(line) >= width
        elif name and line[:1].isspace() and len(line) - len(line.lstrip()) >= column - 1:
            found[-1][name] = _joined(found[-1][name], line.strip(), full)
            apart, full = False, len(line) >= width
    return [{key: value_of(value) for key, value in each.items()} for each in found]


def _begins(found: list[dict[str, str]], name: str) -> bool:
    """Whether an empty line parts objects: what follows it is how the first object began."""
    return next(iter(found[0]), "") == name


def _joined(before: str, more: str, full: bool) -> str:
    """Lines are broken at blanks and hyphens; one as wide as the window may have been broken inside of a word."""
    in_a_word = (full and not before.endswith(",")) or re.search(r"\S-$", before)
    return before + ("" if not before or in_a_word else " ") + more


def value_of(text: str) -> Value:
    """`{a, b}` is a list; one that ends in `...` was cut off when it was printed."""
    text = text.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return text
    parts = [part.strip() for part in text[1:-1].split(",") if part.strip()]
    if parts and _SHORTENED.search(parts[-1]):
        return {CUT_OFF: [part for part in [*parts[:-1], _SHORTENED.sub("", parts[-1])] if part]}
    return list(parts)
