"""Properties of values: `.Count`, `.TotalMinutes`, `[0]`. Only these; there is no .NET behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from console.management_shell.language.comparing import as_number
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import (
    Parted,
    Record,
    Size,
    Timespan,
    Unlimited,
    entries,
    spelling,
    text,
)

Properties = dict[str, Callable[[Any], object]]

PROPERTIES: dict[type, Properties] = {
    str: {"Length": len},
    bytes: {"Length": len, "Count": len},
    Unlimited: {"IsUnlimited": lambda value: True, "Value": lambda value: None},
    Size: {"Value": lambda value: value, "IsUnlimited": lambda value: False},
    Timespan: {
        "Days": lambda value: value // 86400,
        "Hours": lambda value: value // 3600 % 24,
        "Minutes": lambda value: value // 60 % 60,
        "Seconds": lambda value: value % 60,
        "TotalDays": lambda value: value / 86400,
        "TotalHours": lambda value: value / 3600,
        "TotalMinutes": lambda value: value / 60,
        "TotalSeconds": lambda value: int(value),
    },
    datetime: {
        name: lambda value, name=name: getattr(value, name.lower())
        for name in ("Year", "Month", "Day", "Hour", "Minute", "Second")
    }
    | {
        "Date": lambda value: value.replace(hour=0, minute=0, second=0, microsecond=0),
        "DayOfWeek": lambda value: f"{value:%A}",
        "DayOfYear": lambda value: value.timetuple().tm_yday,
        "Millisecond": lambda value: value.microsecond // 1000,
        "Ticks": lambda value: int((value - datetime(1, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000,
    },
    int: {"Value": lambda value: value, "IsUnlimited": lambda value: False},
}


def member(value: object, name: str) -> object:
    """A property in any case. Of a list, that of each entry; of what has none of this name, nothing.

    Every object counts as a list of one: `.Count` is 1.
    """
    found = spelled(value, name)
    if found is not None:
        return own(value)[found]
    if name.lower() == "psobject" and isinstance(value, Record | dict):
        return Record("PSObject", {"Properties": [_as_property(*each) for each in own(value).items()]})
    many = name.lower() in ("count", "length")
    if isinstance(value, dict):
        return _of_table(value, name.lower())
    if many and not isinstance(value, str | bytes):
        return len(entries(value))
    if isinstance(value, list):
        return [found for each in value for found in entries(member(each, name))] or None
    for kind in type(value).__mro__:
        if known := spelling(name, PROPERTIES.get(kind, {})):
            return PROPERTIES[kind][known](value)
    return 1 if name.lower() == "count" else None


def _as_property(name: str, value: object) -> Record:
    return Record("PSProperty", {"Name": name, "Value": value, "MemberType": "NoteProperty"}, name=name)


def own(value: object) -> Mapping[str, object]:
    """The properties that an object brings itself, as records, tables and texts with parts do."""
    if isinstance(value, Record):
        return value.properties
    if isinstance(value, Parted):
        return value.parts
    return value if isinstance(value, dict) else {}


def spelled(value: object, name: str) -> str | None:
    """One of an object's own properties as it is declared, or None."""
    names = own(value)
    return name if name in names else spelling(name, map(str, names))


def _of_table(value: dict[str, object], name: str) -> object:
    known: dict[str, object] = {"count": len(value), "keys": list(value), "values": list(value.values())}
    return known.get(name, 1 if name == "length" else None)


def assign(value: object, name: str, new: object) -> None:
    """`value.name = new`: changes the script's object, nothing behind it. Raises ShellError for an unknown name."""
    if isinstance(value, Record) and (known := value.spelled(name)):
        value.properties[known] = new
    elif isinstance(value, dict):
        value[spelling(name, map(str, value)) or name] = new
    else:
        raise ShellError(f"The property '{name[:80]}' cannot be found on this object: it cannot be given a value.")


def properties(value: object) -> dict[str, object]:
    """All properties of an object, in order: what Select-Object, Format-List and Export-Csv go through."""
    if isinstance(value, Parted):
        return dict(value.parts)
    if isinstance(value, Record):
        return value.properties
    if isinstance(value, dict):
        return value
    for kind in type(value).__mro__:
        if kind in PROPERTIES:
            return {name: read(value) for name, read in PROPERTIES[kind].items()}
    return {}


def assign_at(value: object, at: object, new: object) -> None:
    """`value[at] = new`: a key of a table, a place of a list that is there."""
    if isinstance(value, list) and isinstance(at, int):
        value[_place(value, at)] = new
    else:
        assign(value, text(at), new)


def index(value: object, at: object) -> object:
    """`value[at]`: an entry (negative: from the end), several entries, a character, the value of a key.

    One object is a list of one: `[0]` is itself. Raises ShellError for a place that is none.
    """
    if isinstance(at, list):
        return [index(value, each) for each in at]
    if at is None:
        raise ShellError("What stands in [ ] is nothing: there is no such place.")
    if value is None:
        raise ShellError("Cannot index into a null array.")
    if isinstance(value, dict):
        return _of_key(value, at)
    if isinstance(value, Record) and isinstance(at, str) and not at.lstrip("-").isdigit():
        return member(value, at)
    is_text = isinstance(value, str) and not isinstance(value, Parted)
    sequence: Any = value if is_text or isinstance(value, list | bytes) else [value]
    return sequence[_place(sequence, at)]


def _of_key(value: dict[str, object], at: object) -> object:
    """A key that is not there gives nothing; a number is no place of a table."""
    key = spelled(value, text(at))
    if key is None and not isinstance(at, str):
        raise ShellError(f"This table has no key '{text(at)[:80]}'; its entries have no places.")
    return value[key] if key is not None else None


def _place(sequence: Sequence[object], at: object) -> int:
    position = as_number(at)
    if int(position) != position:
        raise ShellError(f"[{text(at)[:80]}] is no place of a list: places are whole numbers.")
    if not -len(sequence) <= position < len(sequence):
        held = "is one" if len(sequence) == 1 else f"are {len(sequence):,}"
        raise ShellError(f"Index {int(position)} was outside the bounds: there {held}, and the first is 0.")
    return int(position)
