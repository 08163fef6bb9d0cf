"""Properties and methods of values: `.Count`, `.ToMB()`, `.TotalMinutes`. Only these; there is no .NET behind them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from console.management_shell.language.arithmetic import bounded
from console.management_shell.language.comparing import as_number
from console.management_shell.language.errors import ShellError, Stop
from console.management_shell.language.values import (
    LONGEST_TEXT,
    UNLIMITED,
    Parted,
    Record,
    ScriptBlock,
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
    | {"Date": lambda value: value.replace(hour=0, minute=0, second=0, microsecond=0)},
    int: {"Value": lambda value: value, "IsUnlimited": lambda value: False},
}


def member(value: object, name: str) -> object:
    """A property in any case. Of a list, that of each entry; of what has none of this name, nothing."""
    if isinstance(value, Record):
        return value.get(name)
    if isinstance(value, Parted) and (part := spelling(name, value.parts)):
        return value.parts[part]
    if isinstance(value, dict):
        key = spelling(name, value)
        return value[key] if key else len(value) if name.lower() == "count" else None
    if name.lower() in ("count", "length") and not isinstance(value, str):
        return len(entries(value))
    if isinstance(value, list):
        return [found for each in value for found in entries(member(each, name))] or None
    for kind in type(value).__mro__:
        if spelled := spelling(name, PROPERTIES.get(kind, {})):
            return PROPERTIES[kind][spelled](value)
    return 1 if name.lower() == "count" and value is not None else None


def assign(value: object, name: str, new: object) -> None:
    """`value.name = new`: changes the script's object, nothing behind it. Raises ShellError for an unknown name."""
    if isinstance(value, Record) and (spelled := value.spelled(name)):
        value.properties[spelled] = new
    elif isinstance(value, dict):
        value[spelling(name, value) or name] = new
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


def index(value: object, at: object) -> object:
    """`value[at]`: an entry (negative: from the end), several entries, a character, the value of a key."""
    if isinstance(at, list):
        return [index(value, each) for each in at]
    if isinstance(value, dict | Record):
        return member(value, text(at))
    if value is None:
        raise ShellError("Cannot index into a null array.")
    sequence: Any = value if isinstance(value, str | list) else [value]
    position = int(as_number(at))
    return sequence[position] if -len(sequence) <= position < len(sequence) else None


def _shift(seconds: int) -> Callable[[Any, list[object]], object]:
    def shift(value: datetime, arguments: list[object]) -> datetime:
        try:
            return value + timedelta(seconds=seconds * as_number(_only(arguments)))
        except OverflowError:
            raise ShellError("This time is out of range.") from None

    return shift


def _only(arguments: list[object]) -> object:
    if len(arguments) != 1:
        raise ShellError("This method takes one argument.")
    return arguments[0]


def _replace(value: str, arguments: list[object]) -> str:
    if len(arguments) != 2 or not text(arguments[0]):
        raise ShellError("Replace takes the old text and the new one.")
    old, new = text(arguments[0]), text(arguments[1])
    if value.count(old) * len(new) > LONGEST_TEXT:
        raise Stop(f"A text has at most {LONGEST_TEXT:,} characters.")
    return value.replace(old, new)


def _substring(value: str, arguments: list[object]) -> str:
    numbers = [int(as_number(each)) for each in arguments]
    if not numbers or len(numbers) > 2 or numbers[0] < 0 or numbers[-1] < 0 or numbers[0] > len(value):
        raise ShellError("Substring takes the place where it begins, and how many characters.")
    return value[numbers[0] : numbers[0] + numbers[1] if len(numbers) > 1 else None]


def _to_size(factor: int) -> Callable[[Any, list[object]], object]:
    return lambda value, arguments: int(value) // factor


Methods = dict[str, Callable[[Any, list[object]], object]]

SIZES: Methods = {f"To{unit}B": _to_size(1024**power) for power, unit in enumerate(("K", "M", "G", "T"), 1)} | {
    "ToBytes": _to_size(1)
}
METHODS: dict[type, Methods] = {
    str: {
        "ToUpper": lambda value, arguments: value.upper(),
        "ToLower": lambda value, arguments: value.lower(),
        "Trim": lambda value, arguments: value.strip(text(_only(arguments)) if arguments else None),
        "TrimStart": lambda value, arguments: value.lstrip(text(_only(arguments)) if arguments else None),
        "TrimEnd": lambda value, arguments: value.rstrip(text(_only(arguments)) if arguments else None),
        "StartsWith": lambda value, arguments: value.startswith(text(_only(arguments))),
        "EndsWith": lambda value, arguments: value.endswith(text(_only(arguments))),
        "Contains": lambda value, arguments: text(_only(arguments)) in value,
        "IndexOf": lambda value, arguments: value.find(text(_only(arguments))),
        "Replace": _replace,
        "Split": lambda value, arguments: value.split(text(_only(arguments)) or None if arguments else None),
        "Substring": _substring,
    },
    int: SIZES,
    datetime: {
        "AddDays": _shift(86400),
        "AddHours": _shift(3600),
        "AddMinutes": _shift(60),
        "AddSeconds": _shift(1),
        "ToUniversalTime": lambda value, arguments: value.astimezone(UTC),
    },
    list: {"Contains": lambda value, arguments: _only(arguments) in value},
    object: {"ToString": lambda value, arguments: text(value)},
}


def call(value: object, name: str, arguments: list[object]) -> object:
    """`value.name(arguments)`. Raises ShellError for all that is not in the table."""
    if value is None:
        raise ShellError("You cannot call a method on a null-valued expression.")
    for kind in type(value).__mro__:
        if spelled := spelling(name, METHODS.get(kind, {})):
            return bounded(METHODS[kind][spelled](value, arguments))
    if isinstance(value, list) and not isinstance(value, ScriptBlock):
        return [call(each, name, arguments) for each in value]
    known = sorted({method for kind in type(value).__mro__ for method in METHODS.get(kind, {})})
    kind = "Unlimited" if value is UNLIMITED else type(value).__name__
    raise ShellError(f"A {kind} has no method named '{name}'.", allowed=tuple(known))
