"""Rows of a list: filtered, sorted, cut into pages; querysets and plain sequences alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Lower
from django.http import QueryDict

from console.crud.columns import Column, value_of
from console.crud.spreadsheet import plain
from console.crud.words import parts

DIGITS = 20
"""Of a number in a name."""
_NUMBERS = re.compile(r"([0-9]{1,15})")
Rows = QuerySet[Any] | Sequence[Any]


def matching(rows: Rows, text: str, fields: Sequence[str]) -> Rows:
    """The rows in which each of the `parts` of `text` stands in one of `fields`, whatever the case."""
    for word in parts(text):
        if isinstance(rows, QuerySet):
            wanted = Q()
            for name in fields:
                wanted |= Q(**{f"{name}__icontains": word})
            rows = rows.filter(wanted)
        else:
            rows = [row for row in rows if any(word.lower() in str(value_of(row, name)).lower() for name in fields)]
    return rows


def with_value(rows: QuerySet[Any], lookup: str, value: str) -> QuerySet[Any]:
    """Those of this value; none where the column cannot have it."""
    try:
        return rows.filter(**{lookup: value})
    except (ValueError, ValidationError):
        return rows.none()


def in_order(rows: Rows, sort: str, columns: Sequence[Column]) -> Rows:
    """Sorted by the column whose `sort` is asked for, `-` before it for descending; an unknown one changes nothing."""
    name = sort.removeprefix("-")
    if not name or name not in {column.sort for column in columns if column.sort}:
        return rows
    if isinstance(rows, QuerySet):
        return rows.order_by(sort, "-pk" if sort.startswith("-") else "pk")
    return sorted(rows, key=lambda row: _comparable(value_of(row, name)), reverse=sort.startswith("-"))


def natural(column: str) -> Func:
    """Sorts names whatever their case, and numbers in them by size: `relay2` before `relay10`."""
    padded = Func(Lower(column), Value(r"(\d+)"), Value("0" * DIGITS + r"\1"), Value("g"), function="regexp_replace")
    digits = Value(rf"\d*(\d{{{DIGITS}}})")
    return Func(padded, digits, Value(r"\1"), Value("g"), function="regexp_replace", output_field=TextField())


def by_cell(value: Any) -> list[tuple[int, float, str]]:
    """Sorts cells: nothing first, numbers and times by size, texts by their words, and numbers in them by size."""
    if isinstance(value, int | float):
        return [(1, value, "")]
    text = plain(value).lower()
    parts = (part for part in _NUMBERS.split(text) if part)
    return [(1, float(part), "") if part.isdecimal() else (2, 0, part) for part in parts]


def _comparable(value: Any) -> tuple[bool, Any]:
    if value is None:
        return (False, "")
    return (True, value.lower() if isinstance(value, str) else value)


def query_with(query: QueryDict, **changes: str | None) -> str:
    """The query string with `changes` made, `None` removing; behind a "?", or nothing."""
    pairs = [(name, value) for name, values in query.lists() for value in values if value and name not in changes]
    text = urlencode(pairs + [(name, value) for name, value in changes.items() if value])
    return f"?{text}" if text else ""
