"""Objects → CSV, JSON and HTML, as PowerShell writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

from console.management_shell.language.cmdlet import Call
from console.management_shell.language.columns import picked
from console.management_shell.language.errors import Stop
from console.management_shell.language.members import properties
from console.management_shell.language.types import name_of
from console.management_shell.language.values import LARGEST_FILE, Record, Secret, Size, Timespan, entries, joined, text


def csv_lines(objects: Iterable[object], type_line: bool, delimiter: str) -> Iterator[str]:
    """A heading, then a line for each object; every value in quotes. The first object's properties are the columns."""
    names: list[str] = []
    for each in objects:
        if each is None:
            continue
        if not names:
            names = list(properties(each)) or ["Value"]
            if type_line:
                yield f"#TYPE {name_of(each)}"
            yield _csv_line(names, delimiter)
        row = properties(each) or {"Value": each}
        yield _csv_line([row.get(name) for name in names], delimiter)


def _csv_line(values: Iterable[object], delimiter: str) -> str:
    return delimiter.join("" if value is None else '"' + _cell(value).replace('"', '""') + '"' for value in values)


def _cell(value: object) -> str:
    """Spreadsheets compute a cell that begins like a formula: a space in front keeps a client's words a text."""
    shown = text(value)
    return f" {shown}" if shown.startswith(_FORMULA) and not isinstance(value, int | float) else shown


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def bounded_lines(lines: Iterable[str]) -> Iterator[str]:
    """The same lines, or Stop when they are more than a file may hold."""
    length = 0
    for line in lines:
        length += len(line) + 2
        if length > LARGEST_FILE:
            raise Stop(f"A file has at most {LARGEST_FILE:,} characters.")
        yield line


def html_lines(call: Call, objects: Iterable[object]) -> Iterator[str]:
    """A page with a table; what objects say is escaped, what the script says of the page is not."""
    columns = call.get("Property") or [("*", "*")]
    rows = [picked(each, columns) if properties(each) else {"Value": each} for each in objects if each is not None]
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not call.get("Fragment"):
        yield "<!DOCTYPE html>"
        yield f"<html><head><title>{escape(call.get('Title', 'HTML TABLE'))}</title>"
        yield from map(text, entries(call.get("Head")))
        yield "</head><body>"
    yield from map(text, entries(call.get("PreContent")))
    if len(names) * len(rows) > LARGEST_FILE // 50:
        raise Stop("This table is too large for a page.")
    yield "<table>"
    yield f"<tr>{''.join(f'<th>{escape(name)}</th>' for name in names)}</tr>"
    for row in rows:
        yield f"<tr>{''.join(f'<td>{escape(text(row.get(name)))}</td>' for name in names)}</tr>"
    yield "</table>"
    yield from map(text, entries(call.get("PostContent")))
    if not call.get("Fragment"):
        yield "</body></html>"


def of_json(value: Any) -> object:
    """What JSON holds, as values of the language."""
    if isinstance(value, dict):
        return Record("PSCustomObject", {name: of_json(each) for name, each in value.items()})
    return [of_json(each) for each in value] if isinstance(value, list) else value


def json_text(objects: list[object], depth: int, compress: bool) -> str:
    """One object as such, several as an array. What lies deeper than `depth` is a text."""
    plain = [_plain(each, depth) for each in objects]
    whole = plain[0] if len(plain) == 1 else plain
    separators = (",", ":") if compress else None
    encoder = json.JSONEncoder(indent=None if compress else 4, ensure_ascii=False, separators=separators)
    return joined("", encoder.iterencode(whole), LARGEST_FILE)


def _plain(value: object, depth: int) -> Any:
    if isinstance(value, Secret):
        return str(value)
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
