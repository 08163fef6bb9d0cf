"""A list as CSV: every column of what its filter finds, some rows at a time."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from html import unescape
from typing import Any

from django.utils import translation
from django.utils.html import strip_tags
from django.utils.safestring import SafeString

from console.crud.columns import Badge, Column, value_of

CSV = "text/csv; charset=utf-8"
COMPUTED = ("=", "+", "-", "@", "\t", "\r")


def pieces(columns: Sequence[Column], batches: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The heads, then each batch of rows. Times are ISO 8601 in UTC, sizes octets; in English, for scripts."""
    with translation.override("en"):
        head = "\ufeff" + _line([str(column.label) for column in columns])
    yield head
    for batch in batches:
        yield _lines(columns, batch)


@translation.override("en")
def _lines(columns: Sequence[Column], batch: Sequence[Any]) -> str:
    return "".join(_line([inert(plain(value_of(row, column.source))) for column in columns]) for row in batch)


def _line(cells: Sequence[str]) -> str:
    line: str = csv.writer(_Echo(), lineterminator="\r\n").writerow(cells)
    return line


def plain(value: Any) -> str:
    """What a cell shows, as text."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, Badge):
        return str(value.text)
    if isinstance(value, list | tuple):
        return "; ".join(map(plain, value))
    return unescape(strip_tags(value)).strip() if isinstance(value, SafeString) else str(value)


def inert(text: str) -> str:
    """Spreadsheets compute a cell that begins like a formula: a quote in front keeps it a text. A number stays one."""
    if not text.startswith(COMPUTED) or text.lstrip("+-").replace(".", "", 1).isdigit():
        return text
    return f"'{text}"


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text
