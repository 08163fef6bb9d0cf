"""Objects → CSV and JSON, as PowerShell writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from console.management_shell.language.members import properties
from console.management_shell.language.values import Record, Size, Timespan, text


def csv_lines(objects: Iterable[object], type_line: bool, delimiter: str) -> list[str]:
    """A heading, then a line for each object; every value in quotes. The first object's properties are the columns."""
    found = [each for each in objects if each is not None]
    if not found:
        return []
    names = list(properties(found[0])) or ["Value"]
    kind = found[0].type_name if isinstance(found[0], Record) else type(found[0]).__name__
    rows = [properties(each) or {"Value": each} for each in found]
    lines = [_csv_line(names, delimiter)] + [_csv_line([row.get(name) for name in names], delimiter) for row in rows]
    return [f"#TYPE {kind}", *lines] if type_line else lines


def _csv_line(values: Iterable[object], delimiter: str) -> str:
    return delimiter.join("" if value is None else '"' + text(value).replace('"', '""') + '"' for value in values)


def json_text(objects: list[object], depth: int, compress: bool) -> str:
    """One object as such, several as an array. What lies deeper than `depth` is a text."""
    plain = [_plain(each, depth) for each in objects]
    whole = plain[0] if len(plain) == 1 else plain
    return json.dumps(
        whole, indent=None if compress else 4, ensure_ascii=False, separators=(",", ":") if compress else None
    )


def _plain(value: object, depth: int) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float) and not isinstance(value, Size | Timespan):
        return value
    if isinstance(value, list | tuple):
        return [_plain(each, depth) for each in value] if depth >= 0 else text(value)
    if isinstance(value, dict | Record):
        return (
            {str(key): _plain(each, depth - 1) for key, each in properties(value).items()}
            if depth >= 0
            else text(value)
        )
    return text(value)
