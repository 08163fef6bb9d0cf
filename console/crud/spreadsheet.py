"""A list as CSV: every column of what its filter finds, some rows at a time."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from html import unescape
from typing import Any

from django.utils.html import strip_tags
from django.utils.safestring import SafeString

from console.crud.columns import Badge, Column, value_of

CSV = "text/csv; charset=utf-8"
COMPUTED = ("=", "+", "-", "@", "\t", "\r")


def pieces(columns: Sequence[Column], batches: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The heads, then each batch of rows. Times are ISO 8601 in UTC, sizes octets."""
    line = csv.writer(_Echo(), lineterminator="\r\n").writerow
    yield "\ufeff" + line([str(column.label) for column in columns])
    for batch in batches:
        yield "".join(line([inert(plain(value_of(row, column.source))) for column in columns]) for row in batch)


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
