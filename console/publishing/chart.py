"""Bars beside each other, as an SVG that a page holds: its numbers, no drawing. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 720, 200
GAP = 0.2
"""Of the width of a bar."""


@dataclass(frozen=True)
class Bar:
    """A rectangle in the units of the view box; `kind` is its class."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Chart:
    """`lines`: (y, number) of the lines across. `marks`: (x, what stands below)."""

    bars: list[Bar]
    lines: list[tuple[float, int]]
    marks: list[tuple[float, Any]]
    width: int = WIDTH
    height: int = HEIGHT


def chart(rows: Sequence[tuple[Any, dict[str, int]]], marks: int = 6) -> Chart:
    """Of (what a group is about, kind → how many): bars of a group stand on one another, about `marks` are named."""
    most = top_line(max((sum(values.values()) for _what, values in rows), default=0))
    slot, every = WIDTH / max(len(rows), 1), max(len(rows) // marks, 1)
    bars = [bar for place, (_what, values) in enumerate(rows) for bar in _stack(values, place * slot, slot, most)]
    lines = [(_round(HEIGHT - HEIGHT * part / 4), round(most * part / 4)) for part in (0, 2, 4)]
    named = [(_round((place + 0.5) * slot), what) for place, (what, _values) in enumerate(rows) if not place % every]
    return Chart(bars, lines, named)


def _stack(values: dict[str, int], x: float, slot: float, most: int) -> list[Bar]:
    found, y = [], float(HEIGHT)
    for kind, n in values.items():
        if n:
            height = max(HEIGHT * n / most, 1.0)
            y -= height
            found.append(Bar(kind, _round(x + slot * GAP / 2), _round(y), _round(slot * (1 - GAP)), _round(height)))
    return found


def top_line(most: int) -> int:
    """The first round number that is not below: 4, 10, 20, 40, 100 …"""
    scale = 4
    while scale < most:
        for factor in (1, 2.5, 5, 10):
            if scale * factor >= most and scale * factor == int(scale * factor):
                return int(scale * factor)
        scale *= 10
    return scale


def _round(number: float) -> float:
    return round(number, 1)
