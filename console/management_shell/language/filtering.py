"""Where-Object and ForEach-Object."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from console.management_shell.language import operators
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.comparing import equal
from console.management_shell.language.errors import ShellError
from console.management_shell.language.members import member
from console.management_shell.language.values import (
    ScriptBlock,
    collapsed,
    entries,
    text,
    truth,
)

Objects = Iterator[Any]


def _block(value: object) -> ScriptBlock:
    if not isinstance(value, ScriptBlock):
        raise ValueError("Write a script block: { … }.")
    return value


def _where(call: Call, objects: Objects) -> Iterator[object]:
    condition = call.get("FilterScript")
    for item in objects:
        if truth(collapsed(condition.run(item))) if isinstance(condition, ScriptBlock) else _compared(call, item):
            yield item


def _compared(call: Call, item: object) -> bool:
    value = member(item, text(call.get("FilterScript")))
    if call.get("Not"):
        return not truth(value)
    for name in (*operators.TESTS, "contains", "notcontains", "in", "notin"):
        if call.get(name.capitalize()):
            return truth(operators.binary(name, value, call.get("Value")))
    return truth(value) if "Value" not in call.arguments else equal(value, call.get("Value"))


_COMPARISONS = tuple(
    Parameter(name.capitalize(), switch=True, help=f"Compares by -{name}.")
    for name in (*operators.TESTS, "contains", "notcontains", "in", "notin", "not")
)
WHERE = Cmdlet(
    "Where-Object",
    parameters=(
        Parameter(
            "FilterScript", mandatory=True, position=0, help="A condition on $_, or a property.", also={"Property": ""}
        ),
        Parameter("Value", position=1, help="What the property is compared with."),
        *_COMPARISONS,
    ),
    synopsis="Passes on the objects that fulfil a condition.",
    examples={
        "Get-ReceiveConnector | Where-Object {$_.MaxMessageSize -gt 20MB}": "The connectors that take more than 20 MB.",
        "Get-ReceiveConnector | where Enabled -eq $false": "The disabled ones.",
    },
    stream=_where,
)


def _for_each(call: Call, objects: Objects) -> Iterator[object]:
    begin, process, end = _phases(call)
    for block in begin:
        yield from block.run(None)
    for item in objects:
        for each in process:
            yield from each.run(item) if isinstance(each, ScriptBlock) else entries(member(item, text(each)))
    for block in end:
        yield from block.run(None)


def _phases(call: Call) -> tuple[list[Any], list[Any], list[Any]]:
    """What is done before, with each and after; of several blocks the first and the last, unless they are named."""
    begin, end = ([call.get(name)] if name in call.arguments else [] for name in ("Begin", "End"))
    process = list(call.arguments["Process"])
    if len(process) > 1 and not all(isinstance(each, ScriptBlock) for each in process):
        raise ShellError("Of several, each is a script block: { … }.", "Process")
    if len(process) > 1 and not begin:
        begin = [process.pop(0)]
    if len(process) > 1 and not end:
        end = [process.pop()]
    return begin, process, end


FOR_EACH = Cmdlet(
    "ForEach-Object",
    parameters=(
        Parameter(
            "Process",
            mandatory=True,
            position=0,
            many=True,
            help="What to do with each $_, or a property; of three blocks the first is done before, the last after.",
            also={"MemberName": ""},
        ),
        Parameter("Begin", _block, help="Once before."),
        Parameter("End", _block, help="Once after."),
    ),
    synopsis="Does something with each object.",
    examples={'Get-ReceiveConnector | ForEach-Object {"$($_.Name): $($_.Bindings)"}': "A line for each connector."},
    stream=_for_each,
)


FILTERING = (WHERE, FOR_EACH)
