"""What puts texts out and writes files: Write-Host, Out-File, Set-Content, Tee-Object and their kin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from console.management_shell.language import printing
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.comparing import as_number
from console.management_shell.language.errors import ShellError
from console.management_shell.language.files import encoded, read_encoding
from console.management_shell.language.formatting import WIDTH
from console.management_shell.language.values import (
    LARGEST_FILE,
    entries,
    joined,
    read_text,
    read_texts,
    text,
)

Objects = Iterator[Any]
LONGEST_SLEEP = 600
"""Seconds."""

PATH = Parameter(
    "FilePath",
    read_text,
    True,
    0,
    help="The file. In the browser it is downloaded.",
    also={"Path": "", "LiteralPath": ""},
)
CONTENT_PATH = replace(PATH, name="Path", also={"FilePath": "", "LiteralPath": ""})
ENCODING = Parameter(
    "Encoding", read_encoding, help="UTF8 if not given; Unicode, BigEndianUnicode, ASCII, Default (Windows-1252) …"
)
APPEND = Parameter("Append", switch=True, help="Adds to what is in the file already.")
FORCE = Parameter("Force", switch=True, help="Not needed: files are always written over.")


def save(call: Call, path: str, lines: Iterable[str], mark: bool = False, append: bool = False) -> None:
    """Writes lines into a file, in the encoding of the call. What is added gets no byte order mark of its own."""
    written = joined("\n", lines, LARGEST_FILE) + ("" if call.get("NoNewline") else "\n")
    goes_on = append and call.host.has_file(path)
    call.host.write_file(path, encoded(written, call.get("Encoding"), mark, goes_on), append)


def refuse_clobber(call: Call, path: str) -> None:
    """Raises ShellError where -NoClobber forbids to write over a file."""
    if call.get("NoClobber") and call.host.has_file(path):
        raise ShellError(f"The file '{path}' already exists.", "NoClobber")


def _out_file(call: Call, objects: Objects) -> Iterator[object]:
    refuse_clobber(call, call.arguments["FilePath"])
    piped = objects if call.piped else iter(entries(call.get("InputObject")))
    lines = printing.printed(piped, call.get("Width") or 10_000)
    save(call, call.arguments["FilePath"], lines, append=call.get("Append", False))
    return iter(())


INPUT_OBJECT = Parameter("InputObject", help="What to write, if nothing comes through the pipe.")
NO_NEWLINE = Parameter("NoNewline", switch=True, help="Without the last line end.")
NO_CLOBBER = Parameter("NoClobber", switch=True, help="Writes over no file.")
OUT_FILE = Cmdlet(
    "Out-File",
    parameters=(PATH, WIDTH, ENCODING, APPEND, FORCE, NO_CLOBBER, NO_NEWLINE, INPUT_OBJECT),
    synopsis="Writes what would be printed into a file.",
    examples={"Get-ReceiveConnector | fl | Out-File connectors.txt": "Every setting of every connector as a file."},
    stream=_out_file,
)


def _content(append: bool) -> Any:
    def write(call: Call, objects: Objects) -> Iterator[object]:
        values = objects if call.piped else iter(entries(call.get("Value")))
        found = [text(each) for each in values]
        save(call, call.arguments["Path"], found, append=append)
        return iter(())

    return write


_VALUE = Parameter("Value", position=1, help="One text or several; else what comes through the pipe.")
SET_CONTENT = Cmdlet(
    "Set-Content",
    parameters=(CONTENT_PATH, _VALUE, ENCODING, FORCE, NO_NEWLINE),
    synopsis="Writes texts into a file, a line each.",
    examples={"Set-Content -Path names.txt -Value (Get-ReceiveConnector).Name": "A name on each line."},
    stream=_content(False),
)
ADD_CONTENT = Cmdlet(
    "Add-Content",
    parameters=(CONTENT_PATH, _VALUE, ENCODING, FORCE, NO_NEWLINE),
    synopsis="Adds texts to a file, a line each.",
    examples={'Add-Content log.txt "$(Get-Date -Format s) done"': "One more line."},
    stream=_content(True),
)


def _tee(call: Call, objects: Objects) -> Iterator[object]:
    found = list(objects)
    save(call, call.arguments["FilePath"], printing.printed(found, 10_000), append=call.get("Append", False))
    return iter(found)


TEE = Cmdlet(
    "Tee-Object",
    parameters=(PATH, APPEND, ENCODING),
    synopsis="Writes what would be printed into a file, and passes the objects on.",
    stream=_tee,
)


def _nothing(call: Call, objects: Objects) -> Iterator[object]:
    for _ in objects:
        pass
    return iter(())


OUT_NULL = Cmdlet("Out-Null", parameters=(INPUT_OBJECT,), synopsis="Prints nothing.", stream=_nothing)


def _write(call: Call, objects: Objects) -> Iterator[object]:
    if "InputObject" not in call.arguments:
        yield from objects
        return
    for each in call.get("InputObject"):
        yield from [each] if call.get("NoEnumerate") else entries(each)


_INPUT = Parameter("InputObject", position=0, help="What to put out.", also={"Object": "", "Message": ""}, many=True)
WRITE_OUTPUT = Cmdlet(
    "Write-Output",
    parameters=(_INPUT, Parameter("NoEnumerate", switch=True, help="A list stays one object.")),
    synopsis="Puts objects out.",
    stream=_write,
)


def _said(call: Call, objects: Objects) -> str:
    """What a Write- cmdlet was given or gets through the pipe, as one text."""
    given = call.get("InputObject") if "InputObject" in call.arguments else list(objects)
    parts = [part for each in given for part in (each if isinstance(each, list) else [each])]
    return joined(text(call.get("Separator", " ")), map(text, parts))


def _host(call: Call, objects: Objects) -> Iterator[object]:
    """Behind -NoNewline the text waits for the rest of its line."""
    line = call.host.begun + _said(call, objects)
    call.host.begun = line if call.get("NoNewline") else ""
    if not call.get("NoNewline"):
        call.host.output(line)
    return iter(())


def _warn(call: Call, objects: Objects) -> Iterator[object]:
    call.warning(_said(call, objects))
    return iter(())


def _verbose(call: Call, objects: Objects) -> Iterator[object]:
    call.verbose(_said(call, objects))
    return iter(())


def _fail(call: Call, objects: Objects) -> Iterator[object]:
    raise ShellError(_said(call, objects) or "The script says that something went wrong.")


WRITE_HOST = Cmdlet(
    "Write-Host",
    parameters=(
        _INPUT,
        Parameter("NoNewline", switch=True, help="The next text goes on in the same line."),
        Parameter("Separator", read_text, help="What stands between several texts."),
        Parameter("ForegroundColor", read_text, help="Accepted; not shown."),
        Parameter("BackgroundColor", read_text, help="Accepted; not shown."),
    ),
    synopsis="Prints a text; nothing of it goes down the pipe.",
    stream=_host,
)
WRITE_WARNING = Cmdlet("Write-Warning", parameters=(_INPUT,), synopsis="Prints a warning.", stream=_warn)
WRITE_VERBOSE = Cmdlet(
    "Write-Verbose", parameters=(_INPUT,), synopsis="Prints a text with -Verbose only.", stream=_verbose
)
WRITE_ERROR = Cmdlet("Write-Error", parameters=(_INPUT,), synopsis="Is an error with this text.", stream=_fail)


# ---- files and time


def _test_path(call: Call) -> Iterator[object]:
    kind = call.get("PathType", "Any")
    if kind == "Container":
        raise ShellError("This shell looks for files only, not for folders.", "PathType")
    for path in call.arguments["Path"]:
        yield call.host.has_file(path)


TEST_PATH = Cmdlet(
    "Test-Path",
    _test_path,
    (
        Parameter("Path", read_texts, True, 0, from_pipeline=True, help="The file.", also={"LiteralPath": ""}),
        Parameter("PathType", read_text, help="Leaf, Any.", choices=("Leaf", "Any", "Container")),
    ),
    "Says whether there is a file. In the browser: whether this script has written it.",
    {"if (Test-Path relays.csv) { Import-Csv relays.csv }": "Only if it is there."},
)


def _join_path(call: Call) -> Iterator[object]:
    path, child = call.arguments["Path"], call.arguments["ChildPath"]
    sign = "\\" if "\\" in path or re.match(r"[A-Za-z]:", path) else "/"
    yield path.rstrip("\\/") + sign + child.lstrip("\\/")


JOIN_PATH = Cmdlet(
    "Join-Path",
    _join_path,
    (
        Parameter("Path", read_text, True, 0, from_pipeline=True, help="The folder."),
        Parameter("ChildPath", read_text, True, 1, help="What lies in it."),
    ),
    "Makes one path of two.",
)


def _split_path(call: Call) -> Iterator[object]:
    folder, _, leaf = call.arguments["Path"].replace("\\", "/").rpartition("/")
    yield leaf if call.get("Leaf") else call.arguments["Path"][: len(folder)]


SPLIT_PATH = Cmdlet(
    "Split-Path",
    _split_path,
    (
        Parameter("Path", read_text, True, 0, from_pipeline=True, help="A path."),
        Parameter("Leaf", switch=True, help="The last part."),
        Parameter("Parent", switch=True, help="What stands before it, as without this word."),
    ),
    "Gives the folder of a path, or its last part.",
)


def _seconds(value: object) -> float:
    try:
        found = float(as_number(value))
    except ShellError as error:
        raise ValueError(f"{error}") from None
    if not 0 <= found <= LONGEST_SLEEP * 1000:
        raise ValueError(f"Write a number from 0; a script sleeps at most {LONGEST_SLEEP} seconds at once.")
    return found


def _sleep(call: Call) -> Iterator[object]:
    if ("Seconds" in call.arguments) == ("Milliseconds" in call.arguments):
        raise ShellError("Say -Seconds or -Milliseconds.", "Seconds")
    seconds = call.get("Seconds", call.get("Milliseconds", 0) / 1000)
    if seconds > LONGEST_SLEEP:
        raise ShellError(f"A script sleeps at most {LONGEST_SLEEP} seconds at once.", "Seconds")
    call.host.sleep(seconds)
    return iter(())


START_SLEEP = Cmdlet(
    "Start-Sleep",
    _sleep,
    (
        Parameter("Seconds", _seconds, position=0, help=f"At most {LONGEST_SLEEP}."),
        Parameter("Milliseconds", _seconds, help="Instead of seconds."),
    ),
    "Waits. In the browser it counts against the time that a script may take.",
    {"Start-Sleep -Seconds 5": "Five seconds."},
)
WRITING = (
    OUT_FILE, SET_CONTENT, ADD_CONTENT, TEE, OUT_NULL, WRITE_OUTPUT, WRITE_HOST, WRITE_WARNING, WRITE_VERBOSE,
    WRITE_ERROR, TEST_PATH, JOIN_PATH, SPLIT_PATH, START_SLEEP,
)  # fmt: skip
