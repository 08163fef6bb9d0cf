"""Select-Object, Sort-Object, Group-Object, Measure-Object and Get-Member."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from console.management_shell.language import comparing, patterns, printing
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.columns import PROPERTY, Column, Row, picked, read_column, value_of
from console.management_shell.language.errors import ShellError
from console.management_shell.language.members import member, properties, spelled
from console.management_shell.language.types import name_of
from console.management_shell.language.values import (
    Parted,
    Record,
    Size,
    Timespan,
    entries,
    read_count,
    read_flag,
    read_text,
    read_texts,
    spelling,
    text,
)

Objects = Iterator[Any]


def _select(call: Call, objects: Objects) -> Iterator[object]:
    found: Iterable[object] = _selected(call, objects)
    if call.get("Unique"):
        found = _unique(found)
    if "Last" in call.arguments:
        found = _last(call, found)
    if "SkipLast" in call.arguments:
        every = list(found)
        found = every[: max(len(every) - call.get("SkipLast"), 0)]
    if "Index" in call.arguments:
        found = [each for place, each in enumerate(found) if place in call.get("Index")]
    skip = 0 if "Last" in call.arguments and "First" not in call.arguments else call.get("Skip", 0)
    return islice(
        found, skip, skip + call.get("First") if "First" in call.arguments and "Last" not in call.arguments else None
    )


def _last(call: Call, objects: Iterable[object]) -> Iterable[object]:
    """The last ones, before those that -Skip leaves out; with -First the first ones too."""
    every = list(objects)
    end = len(every) - (0 if "First" in call.arguments else call.get("Skip", 0))
    begin = max(end - call.get("Last"), 0)
    first = call.get("First", 0)
    return every[:first] + every[max(begin, first) : end]


def _selected(call: Call, objects: Objects) -> Iterator[object]:
    columns, excluded = call.get("Property"), call.get("ExcludeProperty", [])
    expand = call.get("ExpandProperty")
    for item in objects:
        if expand:
            yield from (_with(each, item, columns or []) for each in entries(_expanded(item, expand)))
            continue
        if not columns and not excluded:
            yield item
            continue
        row = picked(item, columns or [("*", "*")])
        kept = {name: value for name, value in row.items() if not any(patterns.like(name, each) for each in excluded)}
        yield Record(
            "Selected", kept, source=getattr(item, "source", None), name=text(item) if isinstance(item, Record) else ""
        )


def _expanded(item: object, name: str) -> object:
    if isinstance(item, Record | dict) and spelled(item, name) is None:
        raise ShellError(f"Property '{name}' cannot be found.", "ExpandProperty")
    return member(item, name)


def _with(value: object, item: object, columns: list[Column]) -> object:
    """An expanded value with more properties of the object that it comes from."""
    if not columns:
        return value
    row = picked(item, columns)
    if isinstance(value, Record):
        return replace(value, properties={**value.properties, **row})
    if isinstance(value, str):
        return Parted(value, **{**properties(value), **row})
    raise ShellError(
        f"A {name_of(value)} takes no more properties: leave out -Property or -ExpandProperty.", "Property"
    )


def _unique(objects: Iterable[object]) -> Iterator[object]:
    seen: set[str] = set()
    for item in objects:
        key = (
            repr([(name, text(value)) for name, value in properties(item).items()])
            if isinstance(item, Record)
            else text(item)
        )
        if key not in seen:
            seen.add(key)
            yield item


SELECT = Cmdlet(
    "Select-Object",
    parameters=(
        PROPERTY,
        Parameter("First", read_count, help="Only so many from the beginning."),
        Parameter("Last", read_count, help="Only so many from the end."),
        Parameter("Skip", read_count, help="Leaves out so many at the beginning."),
        Parameter("SkipLast", read_count, help="Leaves out so many at the end."),
        Parameter(
            "Index", lambda value: {read_count(each) for each in entries(value)}, help="Only those at these places."
        ),
        Parameter("ExpandProperty", read_text, help="The values of one property instead of objects."),
        Parameter("ExcludeProperty", read_texts, help="Names to leave out, with wildcards."),
        Parameter("Unique", switch=True, help="Each only once."),
    ),
    synopsis="Chooses properties, or some of the objects.",
    examples={
        "Get-ReceiveConnector | Select-Object Name,*Max*": "The name and all maxima.",
        "Get-ReceiveConnector | select -ExpandProperty RemoteIPRanges | select -Unique": "Every range once.",
    },
    stream=_select,
)


def _sort(call: Call, objects: Objects) -> Iterator[object]:
    orders = call.get("Property", [])
    columns = [column for column, _ in orders]
    ways = [call.get("Descending", False) if way is None else way for _, way in orders] or [call.get("Descending")]
    ordered = [([comparing.sort_key(value) for value in value_of(item, columns)], item) for item in objects]
    for place, way in reversed(list(enumerate(ways))):
        ordered.sort(key=lambda each, place=place: each[0][place], reverse=bool(way))  # type: ignore[misc]  # a lambda with a default
    if not call.get("Unique"):
        return iter([item for _, item in ordered])
    first: dict[str, object] = {}
    for _, item in ordered:
        first.setdefault(repr([text(value).lower() for value in value_of(item, columns)]), item)
    return iter(first.values())


def _orders(value: object) -> list[tuple[Column, bool | None]]:
    """What is sorted by, and whether the largest comes first; None where the cmdlet's -Descending says it."""
    return [_order(each) for each in entries(value)]


def _order(value: object) -> tuple[Column, bool | None]:
    """As a column; in a table, `Descending` or `Ascending` may stand beside `Expression`."""
    if not isinstance(value, dict):
        return read_column(value), None
    flags = {key: way for key in value if (way := spelling(key, ("Ascending", "Descending")))}
    found = [read_flag(value[key]) == (way == "Descending") for key, way in flags.items()]
    return read_column({key: each for key, each in value.items() if key not in flags}), found[-1] if found else None


SORT = Cmdlet(
    "Sort-Object",
    parameters=(
        Parameter("Property", _orders, position=0, help="Names; or @{Expression={…}; Descending=$true}."),
        Parameter("Descending", switch=True, help="Largest first."),
        Parameter("Unique", switch=True, help="Each value only once."),
    ),
    synopsis="Sorts objects by properties.",
    examples={"Get-ReceiveConnector | Sort-Object MaxMessageSize -Descending": "The largest limit first."},
    stream=_sort,
)


def _group(call: Call, objects: Objects) -> Iterator[object]:
    groups: dict[str, list[object]] = {}
    for item in objects:
        name = ", ".join(printing.shown_plain(value) for value in value_of(item, call.get("Property", [])))
        groups.setdefault(name, []).append(item)
    if call.get("AsHashTable"):
        yield groups
        return
    for name, members in groups.items():
        row: Row = {"Count": len(members), "Name": name, "Group": members}
        yield Record("Group", row, ("Count", "Name") if call.get("NoElement") else ("Count", "Name", "Group"))


GROUP = Cmdlet(
    "Group-Object",
    parameters=(
        PROPERTY,
        Parameter("NoElement", switch=True, help="Shows count and name only."),
        Parameter("AsHashTable", switch=True, help="A table of the groups instead, by name.", also={"AHT": ""}),
        Parameter("AsString", switch=True, help="Not needed: the names in the table always are texts."),
    ),
    synopsis="Counts objects with the same value of a property.",
    examples={"Get-MessageTrackingLog | Group-Object EventId -NoElement": "How many of each event."},
    stream=_group,
)


def _measure(call: Call, objects: Objects) -> Iterator[object]:
    found = list(objects)
    names = [name for name, _ in call.get("Property", [])]
    for name in names or [""]:
        values = [value for item in found if (value := member(item, name) if name else item) is not None]
        row: Row = {"Count": len(values)}
        if any(call.get(each) for each in ("Sum", "Average", "Maximum", "Minimum")):
            row |= _statistics(call, values)
        if name:
            row["Property"] = name
        yield Record("Measure", row) if len(row) > 1 else Record("Measure", row, ("Count",))


def _statistics(call: Call, values: list[Any]) -> Row:
    kind = type(values[0]) if values and type(values[0]) in (Size, Timespan) else lambda value: value
    row: Row = {}
    if call.get("Average"):
        row["Average"] = sum(map(comparing.as_number, values)) / len(values) if values else None
    if call.get("Sum"):
        row["Sum"] = kind(sum(map(comparing.as_number, values)))
    if call.get("Maximum"):
        row["Maximum"] = max(values, key=comparing.sort_key, default=None)
    if call.get("Minimum"):
        row["Minimum"] = min(values, key=comparing.sort_key, default=None)
    return row


MEASURE = Cmdlet(
    "Measure-Object",
    parameters=(
        PROPERTY,
        *(
            Parameter(name, switch=True, help=f"{name} of the property.")
            for name in ("Sum", "Average", "Maximum", "Minimum")
        ),
    ),
    synopsis="Counts objects, or adds up a property.",
    examples={"Get-Queue | Measure-Object MessageCount -Sum": "How many messages wait."},
    stream=_measure,
)


def _get_member(call: Call, objects: Objects) -> Iterator[object]:
    item = next(objects, None)
    if item is None:
        raise ShellError("You must specify an object for the Get-Member cmdlet.")
    for name, value in properties(item).items():
        row: Row = {"Name": name, "MemberType": "Property", "Value": value}
        yield Record("Member", row, ("Name", "MemberType", "Value"))


GET_MEMBER = Cmdlet(
    "Get-Member",
    synopsis="Shows the properties that an object has.",
    examples={"Get-ReceiveConnector | Get-Member": "Every property of a connector."},
    stream=_get_member,
)
SELECTING = (SELECT, SORT, GROUP, MEASURE, GET_MEMBER)
