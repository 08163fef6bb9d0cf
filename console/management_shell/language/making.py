"""Get-Date, New-TimeSpan, New-Object, Add-Member, Compare-Object; and what this shell has no use for."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from console.management_shell.language import comparing, formats, types
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.columns import PROPERTY, value_of
from console.management_shell.language.errors import ShellError
from console.management_shell.language.members import spelled
from console.management_shell.language.secrets import credential
from console.management_shell.language.values import (
    Record,
    Secret,
    Timespan,
    entries,
    one_of,
    read_count,
    read_text,
    revealed,
    text,
)

Objects = Iterator[Any]
CREDENTIAL_TYPE = "management.automation.pscredential"


def _get_date(call: Call) -> Iterator[object]:
    found = comparing.as_time(call.get("Date")) if "Date" in call.arguments else call.host.now()
    parts = {name.lower(): call.get(name) for name in _PARTS if name in call.arguments}
    try:
        found = found.replace(**parts)
    except ValueError as error:
        raise ShellError(f"There is no such time: {error}.") from None
    if "Format" in call.arguments:
        yield formats.time(found, call.get("Format"))
    else:
        yield found


_PARTS = ("Year", "Month", "Day", "Hour", "Minute", "Second")
GET_DATE = Cmdlet(
    "Get-Date",
    _get_date,
    (
        Parameter("Date", position=0, help="A time as text, in UTC."),
        Parameter("Format", read_text, help="A text instead: yyyyMMdd, s, dd.MM.yyyy HH:mm."),
        *(Parameter(name, read_count, help=f"The {name.lower()}, if another.") for name in _PARTS),
    ),
    "The time now, in UTC.",
    {
        "(Get-Date).AddDays(-1)": "This time yesterday.",
        "Get-Date -Format yyyyMMdd": "Today as it stands in names of files.",
    },
)


def _new_time_span(call: Call) -> Iterator[object]:
    if "Start" in call.arguments or "End" in call.arguments:
        ends = (
            comparing.as_time(call.get(name)) if name in call.arguments else call.host.now()
            for name in ("End", "Start")
        )
        later, earlier = ends
        yield Timespan((later - earlier).total_seconds())
        return
    factors = {"Days": 86400, "Hours": 3600, "Minutes": 60, "Seconds": 1}
    yield Timespan(sum(call.get(name, 0) * factor for name, factor in factors.items()))


NEW_TIME_SPAN = Cmdlet(
    "New-TimeSpan",
    _new_time_span,
    (
        Parameter("Start", position=0, help="From this time; now, if not given."),
        Parameter("End", position=1, help="To this time; now, if not given."),
        *(
            Parameter(name, read_count, help=f"So many {name.lower()}.")
            for name in ("Days", "Hours", "Minutes", "Seconds")
        ),
    ),
    "How long it is from one time to another.",
    {"New-TimeSpan -Hours 2": "Two hours."},
)


def _new_object(call: Call) -> Iterator[object]:
    kind = types.canonical(call.arguments["TypeName"])
    given = call.get("Property", {})
    if kind == CREDENTIAL_TYPE:
        yield _credential(call)
        return
    if "ArgumentList" in call.arguments and kind != "exception":
        raise ShellError("Only an Exception and a PSCredential take arguments here.", "ArgumentList")
    if given and kind != "pscustomobject":
        raise ShellError("Only a PSObject takes properties here.", "Property")
    if kind == "pscustomobject":
        yield Record("PSCustomObject", dict(given))
    elif kind == "exception":
        yield types.convert(kind, call.get("ArgumentList", ""))
    elif kind in ("arraylist", "list", "hashtable"):
        yield types.convert(kind, [] if kind != "hashtable" else {})
    else:
        raise ShellError(
            f"'{call.arguments['TypeName']}' is no type that this shell makes objects of.",
            "TypeName",
            ("PSObject", "System.Collections.ArrayList", "System.Collections.Generic.List[…]", "Hashtable"),
        )


def _credential(call: Call) -> Record:
    given = entries(call.get("ArgumentList"))
    if len(given) != 2 or not isinstance(given[1], Secret):
        words = "Write the user name and a password as a secure string: -ArgumentList 'anna', $password."
        raise ShellError(words, "ArgumentList")
    return credential(read_text(given[0]), revealed(given[1]))


def _table(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError("Write a table: @{Name = …; …}.")
    return value


NEW_OBJECT = Cmdlet(
    "New-Object",
    _new_object,
    (
        Parameter("TypeName", read_text, True, 0, help="PSObject, System.Collections.ArrayList or Hashtable."),
        Parameter("ArgumentList", position=1, help="Of an Exception: its message."),
        Parameter("Property", _table, help="Its properties: @{Name = …; …}."),
    ),
    "Makes an object of the script's own.",
    {"New-Object PSObject -Property @{Name='a'; Port=25}": "An object with two properties."},
)


def _add_member(call: Call, objects: Objects) -> Iterator[object]:
    found = list(objects) if call.piped else entries(call.get("InputObject"))
    added = call.get("NotePropertyMembers") or {_named(call): call.get("Value")}
    for item in found:
        if not isinstance(item, Record | dict):
            raise ShellError(f"A {types.name_of(item)} takes no properties.")
        held = item.properties if isinstance(item, Record) else item
        for name, value in added.items():
            if spelled(item, name) and not call.get("Force"):
                raise ShellError(f"There is a property '{name}' already: -Force changes it.", "Name")
            held[spelled(item, name) or name] = value
    return iter(found if call.get("PassThru") else ())


def _named(call: Call) -> str:
    if "Name" not in call.arguments:
        raise ShellError("Say -Name and -Value, or -NotePropertyMembers.", "Name")
    return str(call.arguments["Name"])


ADD_MEMBER = Cmdlet(
    "Add-Member",
    parameters=(
        Parameter(
            "MemberType",
            one_of("NoteProperty"),
            position=0,
            help="NoteProperty.",
            choices=("NoteProperty",),
            also={"Type": ""},
        ),
        Parameter("Name", read_text, position=1, help="The property's name.", also={"NotePropertyName": ""}),
        Parameter("Value", position=2, help="Its value.", also={"NotePropertyValue": ""}),
        Parameter("NotePropertyMembers", _table, help="Several: @{Name = value; …}."),
        Parameter("InputObject", help="The object, if none comes through the pipe."),
        Parameter("PassThru", switch=True, help="Puts the object out."),
        Parameter("Force", switch=True, help="Changes a property that is there already."),
    ),
    synopsis="Adds a property to an object of the script.",
    examples={"$o | Add-Member -MemberType NoteProperty -Name Port -Value 25": "One more property."},
    stream=_add_member,
)


def _compare(call: Call) -> Iterator[object]:
    """What is on one side only, each as often as it is there more."""
    columns = call.get("Property", [])
    rest: dict[tuple[str, ...], deque[object]] = {}
    for item in entries(call.arguments["DifferenceObject"]):
        rest.setdefault(_key(item, columns), deque()).append(item)
    for item in entries(call.arguments["ReferenceObject"]):
        same = rest.get(_key(item, columns))
        if not same:
            yield _difference(item, "<=", columns)
            continue
        same.popleft()
        if call.get("IncludeEqual"):
            yield _difference(item, "==", columns)
    yield from (_difference(item, "=>", columns) for left in rest.values() for item in left)


def _key(item: object, columns: Any) -> tuple[str, ...]:
    return tuple(text(each).lower() for each in value_of(item, columns))


def _difference(item: object, side: str, columns: Any) -> Record:
    row = {name: value for (name, _), value in zip(columns, value_of(item, columns), strict=False)}
    row = {**row, "SideIndicator": side} if row else {"InputObject": item, "SideIndicator": side}
    return Record("Difference", row, tuple(row))


COMPARE = Cmdlet(
    "Compare-Object",
    _compare,
    (
        Parameter("ReferenceObject", mandatory=True, position=0, help="The one side: <=."),
        Parameter("DifferenceObject", mandatory=True, position=1, help="The other: =>."),
        Parameter(PROPERTY.name, PROPERTY.read, help="Compares by these properties."),
        Parameter("IncludeEqual", switch=True, help="Shows what is on both sides too."),
    ),
    "Shows what stands in one of two lists only.",
    {"Compare-Object $a.RemoteIPRanges $b.RemoteIPRanges": "In which ranges two connectors differ."},
)


# ---- what scripts for Exchange begin with, and what there is nothing to do for here


def _not_needed(call: Call) -> Iterator[object]:
    call.warning(f"{call.cmdlet.name} does nothing here: {NOT_NEEDED[call.cmdlet.name]}")
    return iter(())


NOT_NEEDED = {
    "Import-Module": "every cmdlet of this shell is there already.",
    "Add-PSSnapin": "every cmdlet of this shell is there already.",
    "Set-StrictMode": "what is not understood is always an error.",
    "Set-ExecutionPolicy": "there is none.",
    "Set-ADServerSettings": "there is one directory.",
    "Write-Progress": "it shows no progress.",
    "Start-Transcript": "the change history keeps what was changed.",
    "Stop-Transcript": "the change history keeps what was changed.",
}
_ANYTHING = Parameter("Rest", help="Whatever the script says here.", position=0, many=True)
NO_USE = tuple(
    Cmdlet(name, _not_needed, (_ANYTHING,), f"Does nothing here, and says so: {why}", takes_any=True)
    for name, why in NOT_NEEDED.items()
)


# ---- the session itself


def _clear(call: Call) -> Iterator[object]:
    call.host.clear()
    return iter(())


def _history(call: Call) -> Iterator[Record]:
    lines = list(enumerate(call.host.history(), 1))
    count: int = call.get("Count", len(lines))
    for number, line in lines[len(lines) - count if count < len(lines) else 0 :]:
        yield Record("HistoryInfo", {"Id": number, "CommandLine": line}, ("Id", "CommandLine"), name=line)


CLEAR_HOST = Cmdlet("Clear-Host", _clear, (), "Empties the screen.", {"Clear-Host": "Nothing stands there any more."})
GET_HISTORY = Cmdlet(
    "Get-History",
    _history,
    (Parameter("Count", read_count, position=0, help="The last ones only."),),
    "Shows the scripts that were run before, the oldest first; those with a secret in them are not kept.",
    {"Get-History -Count 10": "The last ten."},
)
MAKING = (GET_DATE, NEW_TIME_SPAN, NEW_OBJECT, ADD_MEMBER, COMPARE, CLEAR_HOST, GET_HISTORY, *NO_USE)
