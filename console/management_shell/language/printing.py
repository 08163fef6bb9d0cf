"""Objects → the lines that Exchange's shell prints: default tables, Format-List, Format-Table."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from console.management_shell.language.members import properties
from console.management_shell.language.values import Record, Size, Timespan, joined, shown

FEW = 4
"""Properties up to which an object without columns of its own prints as a table."""
NARROWEST = 6
ELLIPSIS = "..."
LONGEST_CELL = 5_000


@dataclass(frozen=True)
class Formatted:
    """Lines that are finished already: what Format-List, Format-Table and Out-String put out."""

    lines: tuple[str, ...]


Row = dict[str, object]


def printed(objects: Iterable[object], width: int) -> Iterator[str]:
    """The lines for what a statement put out. Objects of one kind that follow each other share a table."""
    for kind, group in groupby((each for each in objects if each is not None), key=_kind):
        if kind == "formatted":
            yield from (line for each in group if isinstance(each, Formatted) for line in each.lines)
        elif kind == "plain":
            yield from (line for each in group for line in shown_plain(each).split("\n"))
        else:
            yield from _objects(list(group), width)


def _kind(value: object) -> tuple[object, ...] | str:
    if isinstance(value, Formatted):
        return "formatted"
    if isinstance(value, Record):
        return "record", value.type_name, value.columns, tuple(value.properties)[:50]
    return ("table", id(value)) if isinstance(value, dict) else "plain"


def shown_plain(value: object) -> str:
    """A value on a line of its own; of a list, each entry."""
    return joined("\n", map(shown, value)) if isinstance(value, list | tuple) else shown(value)


def _objects(found: list[object], width: int) -> Iterator[str]:
    first = found[0]
    if isinstance(first, dict):
        yield from table([{"Name": key, "Value": value} for key, value in first.items()], width)
        return
    assert isinstance(first, Record)
    columns = first.columns or (tuple(first.properties) if len(first.properties) <= FEW else ())
    rows = [properties(each) for each in found]
    if columns:
        yield from table([{column: row.get(column) for column in columns} for row in rows], width)
    else:
        yield from lists(rows, width)


def lists(rows: Iterable[Row], width: int) -> Iterator[str]:
    """`Name : value`, a block for each object; long values go on below each other."""
    for row in rows:
        yield ""
        label = max((len(name) for name in row), default=0)
        room = max(width - label - 3, 20)
        for name, value in row.items():
            first, *rest = _wrapped(shown(value), room)
            yield f"{name:<{label}} : {first}".rstrip() if first else f"{name:<{label}} :"
            yield from (" " * (label + 3) + line for line in rest)
    yield ""


def _wrapped(value: str, room: int) -> list[str]:
    return [line[at : at + room] for line in value.split("\n") for at in range(0, max(len(line), 1), room)]


def table(rows: Sequence[Row], width: int, wrap: bool = False, headers: bool = True) -> Iterator[str]:
    """Columns as wide as their values, numbers to the right; what does not fit ends in `...`, or wraps."""
    if not rows:
        return
    names = list(rows[0])
    cells = [[_cell(row.get(name)) for name in names] for row in rows]
    right = [all(_is_number(row.get(name)) for row in rows) for name in names]
    widths = _widths([[name, *(line[at] for line in cells)] for at, name in enumerate(names)], width)
    yield ""
    if headers:
        yield _line(names, widths, right)
        yield _line(["-" * min(len(name), size) for name, size in zip(names, widths, strict=True)], widths, right)
    for line in cells:
        yield from _lines(line, widths, right) if wrap else [_line(line, widths, right)]
    yield ""


def _cell(value: object) -> str:
    return " ".join(shown(value)[:LONGEST_CELL].split("\n"))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool | Size | Timespan)


def _widths(columns: list[list[str]], width: int) -> list[int]:
    wanted = [max(map(len, column)) for column in columns]
    excess = sum(wanted) + len(wanted) - 1 - width
    while excess > 0 and max(wanted) > NARROWEST:
        widest = wanted.index(max(wanted))
        second = max([size for at, size in enumerate(wanted) if at != widest], default=0)
        cut = min(excess, max(wanted[widest] - max(second, NARROWEST), 1))
        wanted[widest] -= cut
        excess -= cut
    return wanted


def _line(cells: list[str], widths: list[int], right: list[bool]) -> str:
    padded = [
        _cut(cell, size).rjust(size) if to_right else _cut(cell, size).ljust(size)
        for cell, size, to_right in zip(cells, widths, right, strict=True)
    ]
    return " ".join(padded).rstrip()


def _cut(cell: str, size: int) -> str:
    return cell if len(cell) <= size else cell[: max(size - len(ELLIPSIS), 0)] + ELLIPSIS[:size]


def _lines(cells: list[str], widths: list[int], right: list[bool]) -> Iterator[str]:
    pieces = [textwrap.wrap(cell, size) or [""] for cell, size in zip(cells, widths, strict=True)]
    for at in range(max(map(len, pieces))):
        yield _line([piece[at] if at < len(piece) else "" for piece in pieces], widths, right)
