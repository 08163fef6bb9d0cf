"""Objects into CSV and JSON, CSV and text files into objects."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from console.management_shell.language import exporting
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.formatting import ENCODING, PATH
from console.management_shell.language.values import (
    LARGEST_FILE,
    Record,
    joined,
    read_count,
    read_text,
    text,
)

Objects = Iterator[Any]


def _export_csv(call: Call, objects: Objects) -> Iterator[object]:
    lines = exporting.csv_lines(objects, not call.get("NoTypeInformation"), call.get("Delimiter", ","))
    call.host.write_file(call.get("Path"), (joined("\r\n", lines, LARGEST_FILE) + "\r\n").encode("utf-8-sig"))
    return iter(())


CSV_PATH = replace(PATH, name="Path", also={"FilePath": "", "LiteralPath": ""})


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
    parameters=(CSV_PATH, *_CSV, ENCODING),
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


def _records(text_lines: Iterable[str], delimiter: str) -> Iterator[object]:
    """Lines with a heading → objects whose properties are texts."""
    lines = (line for line in text_lines if not line.startswith("#TYPE "))
    try:
        rows = csv.DictReader(lines, delimiter=delimiter, restval="")
        for row in rows:
            yield Record("Csv", {str(name): value for name, value in row.items() if name is not None})
    except csv.Error as error:
        raise ShellError(f"This is no CSV: {error}.") from None


def _read_lines(call: Call) -> list[str]:
    try:
        return call.host.read_file(call.get("Path")).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ShellError("The file must be UTF-8.", "Path") from None


IN_PATH = Parameter("Path", read_text, True, 0, help="The file.", also={"FilePath": "", "LiteralPath": ""})
IMPORT_CSV = Cmdlet(
    "Import-Csv",
    lambda call: _records([line + "\n" for line in _read_lines(call)], call.get("Delimiter", ",")),
    (IN_PATH, _CSV[1], ENCODING),
    "Reads a CSV file: an object for each line, with the heading's names as properties.",
    (("Import-Csv hosts.csv | % {Add-IPAllowListEntry -IPAddress $_.Address}", "Something for each line of a file."),),
)
CONVERT_FROM_CSV = Cmdlet(
    "ConvertFrom-Csv",
    parameters=(_CSV[1],),
    synopsis="Makes objects of CSV lines.",
    stream=lambda call, objects: _records((text(each) for each in objects), call.get("Delimiter", ",")),
)
GET_CONTENT = Cmdlet(
    "Get-Content",
    _read_lines,
    (IN_PATH, ENCODING),
    "Reads the lines of a text file.",
    (("Get-Content senders.txt | % {$_.Trim()}", "Each line without blanks around it."),),
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


CONVERTING = (EXPORT_CSV, IMPORT_CSV, CONVERT_TO_CSV, CONVERT_FROM_CSV, GET_CONTENT, CONVERT_TO_JSON)
