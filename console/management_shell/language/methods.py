"""Methods of values: `.ToMB()`, `.Split(",")`, `.AddDays(-1)`. Only these, each with as many arguments as it takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from console.management_shell.language import formats
from console.management_shell.language.arithmetic import bounded, later
from console.management_shell.language.comparing import as_number, equal
from console.management_shell.language.errors import ShellError
from console.management_shell.language.members import properties
from console.management_shell.language.method import Method, Methods, Work
from console.management_shell.language.text_methods import PATTERN_METHODS, TEXT_METHODS
from console.management_shell.language.types import convert, name_of
from console.management_shell.language.values import (
    UNLIMITED,
    GenericList,
    Growing,
    Pattern,
    Record,
    ScriptBlock,
    Timespan,
    entries,
    spelling,
    text,
    truth,
)


def _shift(seconds: float) -> Work:
    return lambda value, by: later(value, seconds * as_number(by))


def _months(factor: int) -> Work:
    def shift(value: datetime, by: object) -> datetime:
        number = value.year * 12 + value.month - 1 + int(as_number(by)) * factor
        for day in range(value.day, value.day - 4, -1):
            try:
                return value.replace(year=number // 12, month=number % 12 + 1, day=day)
            except ValueError:
                continue
        raise ShellError("This time is out of range.")

    return shift


def _to_size(factor: int) -> Method:
    return Method(lambda value: int(value) // factor)


def _to_string(value: Any, form: object = "") -> str:
    if (
        form == ""
        or isinstance(value, datetime | Timespan)
        or (isinstance(value, int | float) and not isinstance(value, bool))
    ):
        return formats.formatted(value, text(form))
    raise ShellError(f"ToString of a {name_of(value)} takes no format.")


# ---- lists and tables that a script changes


def _add(value: list[object], item: object) -> int:
    value.append(item)
    bounded(value)
    return len(value) - 1


def _add_silently(value: list[object], item: object) -> None:
    _add(value, item)


def _extend(value: list[object], items: object) -> None:
    value.extend(entries(items))
    bounded(value)


def _drop(value: list[object], item: object) -> None:
    for place, each in enumerate(value):
        if equal(each, item, True):
            del value[place]
            return


def _drop_at(value: list[object], at: object) -> None:
    place = int(as_number(at))
    if not 0 <= place < len(value):
        raise ShellError(f"Index {place} was outside the bounds of the list.")
    del value[place]


def _insert(value: list[object], at: object, item: object) -> None:
    value.insert(int(as_number(at)), item)
    bounded(value)


def _put(value: dict[str, object], key: object, item: object) -> None:
    if spelling(text(key), value):
        raise ShellError(f"Item has already been added. Key in dictionary: '{text(key)[:80]}'.")
    value[text(key)] = item


def _take_out(value: dict[str, object], key: object) -> None:
    value.pop(spelling(text(key), value) or "", None)


def _has_key(value: dict[str, object], key: object) -> bool:
    return spelling(text(key), value) is not None


def _pairs(value: dict[str, object]) -> list[object]:
    return [
        Record("DictionaryEntry", {"Name": key, "Value": each, "Key": key}, ("Name", "Value"))
        for key, each in value.items()
    ]


def _where(value: list[object], condition: object) -> list[object]:
    return [each for each in value if truth(_block(condition).run(each))]


def _for_each(value: list[object], work: object) -> list[object]:
    return bounded([found for each in value for found in _block(work).run(each)])


def _block(value: object) -> ScriptBlock:
    if not isinstance(value, ScriptBlock):
        raise ShellError("Write a script block: { … }.")
    return value


SIZES: Methods = {f"To{unit}B": _to_size(1024**power) for power, unit in enumerate(("K", "M", "G", "T"), 1)} | {
    "ToBytes": _to_size(1)
}
METHODS: dict[type, Methods] = {
    Pattern: PATTERN_METHODS,
    str: TEXT_METHODS,
    int: SIZES,
    datetime: {
        "AddDays": Method(_shift(86400), 1),
        "AddHours": Method(_shift(3600), 1),
        "AddMinutes": Method(_shift(60), 1),
        "AddSeconds": Method(_shift(1), 1),
        "AddMilliseconds": Method(_shift(0.001), 1),
        "AddMonths": Method(_months(1), 1),
        "AddYears": Method(_months(12), 1),
        "Subtract": Method(
            lambda value, other: (
                convert("timespan", value - other)
                if isinstance(other, datetime)
                else value - timedelta(seconds=int(as_number(other)))
            ),
            1,
        ),
        "ToUniversalTime": Method(lambda value: value.astimezone(UTC)),
        "ToLocalTime": Method(lambda value: value.astimezone(UTC)),
        "ToShortDateString": Method(lambda value: formats.time(value, "d")),
        "ToLongDateString": Method(lambda value: formats.time(value, "D")),
        "ToShortTimeString": Method(lambda value: formats.time(value, "t")),
        "ToLongTimeString": Method(lambda value: formats.time(value, "T")),
    },
    GenericList: {"Add": Method(_add_silently, 1)},
    Growing: {
        "Add": Method(_add, 1),
        "AddRange": Method(_extend, 1),
        "Remove": Method(_drop, 1),
        "RemoveAt": Method(_drop_at, 1),
        "Insert": Method(_insert, 2),
        "Clear": Method(lambda value: value.clear()),
        "ToArray": Method(lambda value: list(value)),
    },
    list: {
        "Contains": Method(lambda value, item: any(equal(each, item, True) for each in value), 1),
        "IndexOf": Method(
            lambda value, item: next((place for place, each in enumerate(value) if equal(each, item, True)), -1), 1
        ),
        "Where": Method(_where, 1),
        "ForEach": Method(_for_each, 1),
        "Clone": Method(lambda value: list(value)),
    },
    dict: {
        "Add": Method(_put, 2),
        "Remove": Method(_take_out, 1),
        "ContainsKey": Method(_has_key, 1),
        "Contains": Method(_has_key, 1),
        "ContainsValue": Method(lambda value, item: any(equal(each, item, True) for each in value.values()), 1),
        "Clear": Method(lambda value: value.clear()),
        "Clone": Method(lambda value: dict(value)),
        "GetEnumerator": Method(_pairs),
    },
    ScriptBlock: {"Invoke": Method(lambda value: value.run(None))},
    object: {"ToString": Method(_to_string, 0, 1)},
}


def _should_process(value: Record, target: object, action: object = "") -> bool:
    call: Any = value.source
    return bool(call.should_process(target, text(action) or call.cmdlet.name))


OF_RECORDS: dict[str, Methods] = {
    "PSCmdlet": {"ShouldProcess": Method(_should_process, 1, 2)},
    "Encoding": {
        "GetBytes": Method(lambda value, subject: text(subject).encode(value.get("Name"), "replace"), 1),
        "GetString": Method(lambda value, octets: convert("byte[]", octets).decode(value.get("Name"), "replace"), 1),
    },
}


def call(value: object, name: str, arguments: list[object]) -> object:
    """`value.name(arguments)`. Raises ShellError for all that is not in the table."""
    if value is None:
        raise ShellError("You cannot call a method on a null-valued expression.")
    tables = [METHODS.get(kind, {}) for kind in type(value).__mro__]
    if isinstance(value, Record):
        tables.insert(0, OF_RECORDS.get(value.type_name, {}))
    for table in tables:
        if known := spelling(name, table):
            return bounded(table[known](known, value, arguments))
    if isinstance(value, list):
        return [call(each, name, arguments) for each in value]
    known_names = sorted({method for table in tables for method in table})
    kind = "Unlimited" if value is UNLIMITED else name_of(value)
    hint = " It is a property: write it without ( )." if spelling(name, properties(value)) else ""
    raise ShellError(f"A {kind} has no method named '{name}'.{hint}", allowed=tuple(known_names))
