"""Objects → CSV and JSON, as PowerShell writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from console.management_shell.language.members import properties
from console.management_shell.language.values import LARGEST_FILE, Record, Size, Timespan, joined, text


def csv_lines(objects: Iterable[object], type_line: bool, delimiter: str) -> Iterator[str]:
    """A heading, then a line for each object; every value in quotes. The first object's properties are the columns."""
    names: list[str] = []
    for each in objects:
        if each is None:
            continue
        if not names:
            names = list(properties(each)) or ["Value"]
            if type_line:
                yield f"#TYPE {each.type_name if isinstance(each, Record) else type(each).__name__}"
            yield _csv_line(names, delimiter)
        row = properties(each) or {"Value": each}
        yield _csv_line([row.get(name) for name in names], delimiter)


def _csv_line(values: Iterable[object], delimiter: str) -> str:
    return delimiter.join("" if value is None else '"' + text(value).replace('"', '""') + '"' for value in values)


def json_text(objects: list[object], depth: int, compress: bool) -> str:
    """One object as such, several as an array. What lies deeper than `depth` is a text."""
    plain = [_plain(each, depth) for each in objects]
    whole = plain[0] if len(plain) == 1 else plain
    separators = (",", ":") if compress else None
    encoder = json.JSONEncoder(indent=None if compress else 4, ensure_ascii=False, separators=separators)
    return joined("", encoder.iterencode(whole), LARGEST_FILE)


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
