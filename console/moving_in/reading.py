"""A file or a pasted text, of whichever format, as objects."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable

from console.moving_in import clixml, list_text
from console.moving_in.objects import BEYOND, CUT_OFF, MOST_OBJECTS, Item, ReadError, Value, recognised

LARGEST = 64 * 1024 * 1024
MOST_JSON_VALUES = 2_000_000
WHAT_TO_DO = "Export with: Get-ReceiveConnector | Export-Clixml connectors.xml"
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_TYPE_NAME = re.compile(r"(?:System|Microsoft|Deserialized)\.[\w.`+\[\]]+.*")
_METADATA = {"pscomputername", "runspaceid", "psshowcomputername", "serializationdata", "pssourcejobinstanceid"}

Objects = Iterable[tuple[list[str], dict[str, Value]]]


def read(content: bytes) -> tuple[list[Item], int]:
    """The objects that are known here, and how many others there were.

    Raises ReadError, which says what is wrong and what to hand in instead.
    """
    if len(content) > LARGEST:
        raise ReadError(f"This file is larger than {LARGEST // 1024**2} MB. Export fewer objects at once.")
    if not content.strip(b"\0 \t\r\n\xef\xbb\xbf\xfe\xff"):
        raise ReadError("There is nothing in it.")
    items, others = [], 0
    for types, properties in _objects(content):
        source = recognised(types, properties)
        if source is None:
            others += 1
        else:
            kept = {name: value for name, value in properties.items() if name.lower() not in _METADATA}
            items.append(Item(source, {_storable(name): _clean(value) for name, value in kept.items()}))
        if len(items) + others > MOST_OBJECTS:
            raise ReadError(f"These are more than {MOST_OBJECTS:,} objects. Export fewer at once.")
    if not items:
        raise ReadError(f"No connector, domain, permission or list entry is in it. {WHAT_TO_DO}")
    return items, others


def _clean(value: Value, depth: int = 0) -> Value:
    if depth > clixml.DEEPEST:
        raise ReadError("This file is nested too deep to be an export.")
    if isinstance(value, list):
        return [_clean(each, depth + 1) for each in value]
    if isinstance(value, dict):
        return {_storable(name): _clean(each, depth + 1) for name, each in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return _storable(value) if isinstance(value, str) else value


def _storable(text: str) -> str:
    """Without NUL, and without halves of characters, which UTF-8 cannot hold."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "")


def _objects(content: bytes) -> Objects:
    text = _text(content)
    start = text.lstrip()[:1]
    if start == "<":
        return _from_clixml(content)
    if start in ("[", "{") and not text.lstrip().startswith("[PS]"):
        return _from_json(text)
    return _from_csv(text) if _is_csv(text) else [([], each) for each in list_text.objects(text)]


def _text(content: bytes) -> str:
    encodings = [encoding for mark, encoding in _BOMS if content.startswith(mark)]
    if not encodings and b"\0" in content[:2]:
        encodings = ["utf-16-be" if content[:1] == b"\0" else "utf-16-le"]
    for encoding in [*encodings, "utf-8"]:
        try:
            return content.decode(encoding)
        except UnicodeError:
            continue
    return content.decode("cp1252", errors="replace")


def _from_clixml(content: bytes) -> Objects:
    plain = clixml.Plain()
    for thing in clixml.things(content):
        yield thing.types, {name: plain(value) for name, value in thing.properties.items()}


def _from_json(text: str) -> Objects:
    if text.count(",") + text.count("[") + text.count("{") > MOST_JSON_VALUES:
        raise ReadError("This JSON has too many values to be an export.")
    try:
        found = json.loads(text, parse_constant=str)
    except RecursionError:
        raise ReadError("This JSON is nested too deep to be an export.") from None
    except ValueError as error:
        raise ReadError(f"This is no well-formed JSON: {error}.") from None
    if isinstance(found, dict) and isinstance(found.get("value"), list) and "Count" in found:
        found = found["value"]  # Windows PowerShell 5.1 wraps an array so when it was piped from a variable
    return [([], each) for each in (found if isinstance(found, list) else [found]) if isinstance(each, dict)]


def _is_csv(text: str) -> bool:
    lines = [line for line in text.lstrip("\ufeff \r\n").splitlines()[:2] if line.strip()]
    if not lines:
        return False
    if lines[0].upper().startswith("#TYPE "):
        return True
    names = re.split(r"[,;\t]", lines[0])
    return len(names) > 1 and all(re.fullmatch(r'\s*"?[A-Za-z][\w.]*"?\s*', name) for name in names)


def _from_csv(text: str) -> Objects:
    lines = text.lstrip("\ufeff \r\n").splitlines(keepends=True)
    types: list[str] = []
    if lines[0].upper().startswith("#TYPE "):
        types = [lines.pop(0)[6:].strip()]
    heading = lines[0] if lines else ""
    delimiter = max(",;\t", key=heading.count)
    try:
        reader = csv.DictReader(io.StringIO("".join(lines), newline=""), restkey=BEYOND, delimiter=delimiter)
        _check_columns(reader.fieldnames or ())
        rows = list(reader)
    except csv.Error as error:
        raise ReadError(f"This CSV cannot be read: {error}.") from None
    for row in rows:
        yield types, {name: _csv_value(value) for name, value in row.items() if isinstance(name, str)}


def _check_columns(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in filter(None, map(str.lower, names)):
        if name in seen:
            raise ReadError(f"This CSV has the column “{name[:80]}” twice.")
        seen.add(name)


def _csv_value(text: object) -> Value:
    """Export-Csv writes a type's name in place of a list: what was in it is lost."""
    if isinstance(text, list):
        return ", ".join(filter(None, text))
    if not isinstance(text, str):
        return None
    return {CUT_OFF: []} if _TYPE_NAME.fullmatch(text) else list_text.value_of(text)
