"""Format-List, Format-Table and Out-String."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from console.management_shell.language import printing
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.columns import PROPERTY, Column, picked
from console.management_shell.language.errors import Stop
from console.management_shell.language.members import properties
from console.management_shell.language.printing import Formatted
from console.management_shell.language.values import (
    Parted,
    Record,
    joined,
    read_count,
)

Objects = Iterator[Any]


MOST_CELLS = 2_000_000
ALL: list[Column] = [("*", "*")]


def _is_plain_text(item: object) -> bool:
    return isinstance(item, str) and not isinstance(item, Parted)


def _format_list(call: Call, objects: Objects) -> Iterator[object]:
    found = [item for item in objects if item is not None]
    for item in found:
        if isinstance(item, Formatted) or not properties(item) or _is_plain_text(item):
            yield item
        else:
            lines = tuple(printing.lists([picked(item, call.get("Property") or ALL)], call.host.width))
            yield Formatted(lines if item is found[-1] else lines[:-1])


FORMAT_LIST = Cmdlet(
    "Format-List",
    parameters=(PROPERTY,),
    synopsis="Prints objects as lists of their properties.",
    examples={"Get-ReceiveConnector | fl Identity,*tls*": "Identity and everything about TLS."},
    stream=_format_list,
)


def _format_table(call: Call, objects: Objects) -> Iterator[object]:
    found = [item for item in objects if item is not None]
    plain = [item for item in found if isinstance(item, int | float | Formatted) or _is_plain_text(item)]
    if plain or not found:
        return iter(plain)
    columns = call.get("Property") or [(name, name) for name in _default_columns(found[0])]
    rows = [picked(item, columns) for item in found]
    names = list(dict.fromkeys(name for row in rows for name in row))
    if len(names) * len(rows) > MOST_CELLS:
        raise Stop(f"A table has at most {MOST_CELLS:,} cells.")
    even = [{name: row.get(name) for name in names} for row in rows]
    lines = printing.table(even, call.host.width, call.get("Wrap", False), not call.get("HideTableHeaders"))
    return iter([Formatted(tuple(lines))])


def _default_columns(item: object) -> tuple[str, ...]:
    return (item.columns if isinstance(item, Record) else ()) or tuple(properties(item))[:10]


FORMAT_TABLE = Cmdlet(
    "Format-Table",
    parameters=(
        PROPERTY,
        Parameter("AutoSize", switch=True, help="Columns as wide as their values; they always are here."),
        Parameter("Wrap", switch=True, help="Long values go on in the next line."),
        Parameter("HideTableHeaders", switch=True, help="Without the first two lines."),
    ),
    synopsis="Prints objects as a table.",
    examples={"Get-ReceiveConnector | ft Name,Bindings,RemoteIPRanges -Wrap": "Who may connect where."},
    stream=_format_table,
)


def _out_string(call: Call, objects: Objects) -> Iterator[object]:
    lines = printing.printed(objects, call.get("Width") or call.host.width)
    yield from lines if call.get("Stream") else [joined("\n", lines)]


WIDTH = Parameter("Width", read_count, help="Columns of the output.")
OUT_STRING = Cmdlet(
    "Out-String",
    parameters=(WIDTH, Parameter("Stream", switch=True, help="A text for each line.")),
    synopsis="Makes one text of what would be printed.",
    stream=_out_string,
)


FORMATTING = (FORMAT_LIST, FORMAT_TABLE, OUT_STRING)
