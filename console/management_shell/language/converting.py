"""Objects into CSV and JSON, CSV and text files into objects."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from console.management_shell.language import exporting
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.columns import PROPERTY
from console.management_shell.language.errors import ShellError
from console.management_shell.language.exporting import bounded_lines
from console.management_shell.language.files import decoded, encoded, read_encoding
from console.management_shell.language.values import Record, read_any, read_count, read_text, read_texts, text
from console.management_shell.language.writing import APPEND, CONTENT_PATH, ENCODING, FORCE, NO_CLOBBER, refuse_clobber

Objects = Iterator[Any]


def _export_csv(call: Call, objects: Objects) -> Iterator[object]:
    path = call.arguments["Path"]
    refuse_clobber(call, path)
    lines = exporting.csv_lines(objects, not call.get("NoTypeInformation"), call.get("Delimiter", ","))
    goes_on = call.get("Append", False) and call.host.has_file(path)
    if goes_on:
        lines = (line for line in lines if not line.startswith("#TYPE "))
        next(lines, "")
    written = "".join(line + "\r\n" for line in bounded_lines(lines))
    call.host.write_file(path, encoded(written, call.get("Encoding"), True, goes_on), goes_on)
    return iter(())


def _delimiter(value: object) -> str:
    if len(read_text(value)) != 1:
        raise ValueError("Write one character, such as ;.")
    return read_text(value)


_DELIMITER = Parameter("Delimiter", _delimiter, position=1, help="What stands between two values, if no comma.")
_HEADER = Parameter("Header", read_texts, help="The names of the columns, where the first line does not have them.")
READ_ENCODING = Parameter(
    "Encoding", read_encoding, help="If the file does not say it itself: UTF8, Unicode, Default (Windows-1252) …"
)
_CSV = (
    Parameter("NoTypeInformation", switch=True, help="Without the line #TYPE.", also={"NTI": ""}),
    _DELIMITER,
)
EXPORT_CSV = Cmdlet(
    "Export-Csv",
    parameters=(CONTENT_PATH, *_CSV, ENCODING, APPEND, FORCE, NO_CLOBBER),
    synopsis="Writes objects into a CSV file.",
    examples={"Get-ReceiveConnector | Export-Csv -Path connectors.csv -NoTypeInformation": "For a spreadsheet."},
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


def _records(text_lines: Iterable[str], delimiter: str, header: list[str] | None = None) -> Iterator[object]:
    """Lines with a heading → objects whose properties are texts."""
    lines = (line for line in text_lines if not line.startswith("#TYPE "))
    try:
        rows = csv.DictReader(lines, header, delimiter=delimiter, restval="")
        for row in rows:
            yield Record("Csv", {str(name): value for name, value in row.items() if name is not None})
    except csv.Error as error:
        raise ShellError(f"This is no CSV: {error}.") from None


def _read_text(call: Call) -> str:
    return decoded(call.host.read_file(call.arguments["Path"]), call.get("Encoding"))


def _read_lines(call: Call) -> list[str]:
    return _read_text(call).splitlines()


def _import_csv(call: Call) -> Iterator[object]:
    lines = [line + "\n" for line in _read_lines(call)]
    return _records(lines, call.get("Delimiter", ","), call.get("Header"))


def _get_content(call: Call) -> Iterable[object]:
    if call.get("AsByteStream") or call.get("Encoding") == OCTETS:
        return [call.host.read_file(call.arguments["Path"])]
    if call.get("Raw"):
        return [_read_text(call)]
    lines = _read_lines(call)
    if "TotalCount" in call.arguments:
        lines = lines[: call.get("TotalCount")]
    return lines[-call.get("Tail") :] if call.get("Tail") else lines if "Tail" not in call.arguments else []


OCTETS = "octets"


def _encoding_or_octets(value: object) -> str:
    return OCTETS if text(value).lower() == "byte" else read_encoding(value)


IN_PATH = Parameter("Path", read_text, True, 0, help="The file.", also={"FilePath": "", "LiteralPath": ""})
IMPORT_CSV = Cmdlet(
    "Import-Csv",
    _import_csv,
    (IN_PATH, _DELIMITER, _HEADER, READ_ENCODING),
    "Reads a CSV file: an object for each line, with the heading's names as properties.",
    {"Import-Csv hosts.csv | % {Add-IPAllowListEntry -IPAddress $_.Address}": "Something for each line of a file."},
)
CONVERT_FROM_CSV = Cmdlet(
    "ConvertFrom-Csv",
    parameters=(_DELIMITER, _HEADER),
    synopsis="Makes objects of CSV lines.",
    stream=lambda call, objects: _records(
        (line + "\n" for each in objects for line in text(each).splitlines()),
        call.get("Delimiter", ","),
        call.get("Header"),
    ),
)
GET_CONTENT = Cmdlet(
    "Get-Content",
    _get_content,
    (
        IN_PATH,
        replace(READ_ENCODING, read=_encoding_or_octets),
        Parameter("Raw", switch=True, help="All of it as one text."),
        Parameter("TotalCount", read_count, help="Only so many lines.", also={"First": "", "Head": ""}),
        Parameter("Tail", read_count, help="Only so many lines from the end.", also={"Last": ""}),
        Parameter("AsByteStream", switch=True, help="The octets, for -FileData."),
        Parameter("ReadCount", read_count, help="Not needed: how many lines are read at once."),
    ),
    "Reads the lines of a text file.",
    {"Get-Content senders.txt | % {$_.Trim()}": "Each line without blanks around it."},
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
    examples={"Get-ReceiveConnector | ConvertTo-Json": "Every connector as JSON."},
    stream=lambda call, objects: [
        exporting.json_text(list(objects), call.get("Depth", 2), call.get("Compress", False))
    ],
)


def _from_json(call: Call, objects: Objects) -> Iterator[object]:
    given = list(objects) if call.piped else [call.get("InputObject", "")]
    try:
        yield exporting.of_json(json.loads("\n".join(text(each) for each in given), parse_constant=str))
    except (ValueError, RecursionError) as error:
        raise ShellError(f"This is no JSON: {error}.") from None


CONVERT_FROM_JSON = Cmdlet(
    "ConvertFrom-Json",
    parameters=(Parameter("InputObject", read_any, position=0, help="The text, if none comes through the pipe."),),
    synopsis="Makes objects of a JSON text.",
    stream=_from_json,
)
CONVERT_TO_HTML = Cmdlet(
    "ConvertTo-Html",
    parameters=(
        PROPERTY,
        Parameter("Title", read_text, help="The title of the page."),
        Parameter("Head", read_any, help="What stands in <head>, as HTML."),
        Parameter("PreContent", read_any, help="What stands before the table, as HTML."),
        Parameter("PostContent", read_any, help="What stands behind the table, as HTML."),
        Parameter("Fragment", switch=True, help="The table alone."),
        Parameter("As", read_text, help="Table is the only form here.", choices=("Table",)),
    ),
    synopsis="Makes the lines of an HTML page with a table of objects. Values are escaped.",
    examples={"Get-Queue | ConvertTo-Html -Title Queues | Out-File queues.html": "A page to send around."},
    stream=exporting.html_lines,
)


CONVERTING = (
    EXPORT_CSV, IMPORT_CSV, CONVERT_TO_CSV, CONVERT_FROM_CSV, GET_CONTENT, CONVERT_TO_JSON, CONVERT_FROM_JSON,
    CONVERT_TO_HTML,
)  # fmt: skip
