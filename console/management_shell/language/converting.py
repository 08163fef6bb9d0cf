"""Export-Csv, ConvertTo-Csv and ConvertTo-Json."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from console.management_shell.language import exporting
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.formatting import ENCODING, PATH
from console.management_shell.language.values import (
    LARGEST_FILE,
    joined,
    read_count,
    read_text,
)

Objects = Iterator[Any]


def _export_csv(call: Call, objects: Objects) -> Iterator[object]:
    lines = exporting.csv_lines(objects, not call.get("NoTypeInformation"), call.get("Delimiter", ","))
    call.host.write_file(call.get("FilePath"), (joined("\r\n", lines, LARGEST_FILE) + "\r\n").encode("utf-8-sig"))
    return iter(())


def _delimiter(value: object) -> str:
    if len(read_text(value)) != 1:
        raise ValueError("Write one character, such as ;.")
    return read_text(value)


_CSV = (
    Parameter("NoTypeInformation", switch=True, help="Without the line #TYPE.", also={"NTI": ""}),
    Parameter("Delimiter", _delimiter, help="What stands between two values, if no comma."),
)
EXPORT_CSV = Cmdlet(
    "Export-Csv",
    parameters=(PATH, *_CSV, ENCODING),
    synopsis="Writes objects into a CSV file.",
    examples=(("Get-ReceiveConnector | Export-Csv -Path connectors.csv -NoTypeInformation", "For a spreadsheet."),),
    stream=_export_csv,
)
CONVERT_TO_CSV = Cmdlet(
    "ConvertTo-Csv",
    parameters=_CSV,
    synopsis="Makes CSV lines of objects.",
    stream=lambda call, objects: exporting.csv_lines(
        objects, not call.get("NoTypeInformation"), call.get("Delimiter", ",")
    ),
)


def _depth(value: object) -> int:
    if not 0 <= read_count(value) <= 20:
        raise ValueError("Write a number from 0 to 20.")
    return read_count(value)


CONVERT_TO_JSON = Cmdlet(
    "ConvertTo-Json",
    parameters=(
        Parameter("Depth", _depth, help="How many objects inside of objects; 2 if not given."),
        Parameter("Compress", switch=True, help="On one line."),
    ),
    synopsis="Makes a JSON text of objects.",
    examples=(("Get-ReceiveConnector | ConvertTo-Json", "Every connector as JSON."),),
    stream=lambda call, objects: [
        exporting.json_text(list(objects), call.get("Depth", 2), call.get("Compress", False))
    ],
)


CONVERTING = (EXPORT_CSV, CONVERT_TO_CSV, CONVERT_TO_JSON)
