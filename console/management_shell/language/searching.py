"""Select-String: lines of texts and files in which something stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from console.management_shell.language import patterns
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.files import decoded, read_encoding
from console.management_shell.language.values import Record, entries, read_texts, text

Lines = Iterator[tuple[str, int, str]]


def _lines(call: Call, objects: Iterator[Any]) -> Lines:
    """(file, number, line) of what is searched."""
    for path in call.get("Path", ()):
        content = decoded(call.host.read_file(path), call.get("Encoding"))
        yield from ((path, number, line) for number, line in enumerate(content.splitlines(), 1))
    given = objects if call.piped else iter(entries(call.get("InputObject")))
    yield from (("InputStream", number, text(each)) for number, each in enumerate(given, 1))


def _fits(call: Call, line: str) -> bool:
    case = call.get("CaseSensitive", False)
    for pattern in call.arguments["Pattern"]:
        wanted = re.escape(pattern) if call.get("SimpleMatch") else pattern
        if patterns.search(wanted, line, case) is not None:
            return True
    return False


def _select_string(call: Call, objects: Iterator[Any]) -> Iterator[object]:
    wanted = not call.get("NotMatch", False)
    found = (each for each in _lines(call, objects) if _fits(call, each[2]) == wanted)
    if call.get("Quiet"):
        yield any(True for _ in found)
        return
    for path, number, line in found:
        shown = line if path == "InputStream" else f"{path}:{number}:{line}"
        yield Record("MatchInfo", {"Line": line, "LineNumber": number, "Path": path}, ("Line",), name=shown)


SELECT_STRING = Cmdlet(
    "Select-String",
    parameters=(
        Parameter("Pattern", read_texts, True, 0, help="A regular expression, or several."),
        Parameter(
            "Path", read_texts, position=1, help="Files; else what comes through the pipe.", also={"LiteralPath": ""}
        ),
        Parameter("InputObject", help="The texts, if none come through the pipe."),
        Parameter("NotMatch", switch=True, help="Those in which it does not stand."),
        Parameter("SimpleMatch", switch=True, help="The pattern is a plain text."),
        Parameter("CaseSensitive", switch=True, help="Upper and lower case differ."),
        Parameter("Quiet", switch=True, help="Only whether there is one."),
        Parameter("Encoding", read_encoding, help="Of the files, if they do not say it themselves."),
    ),
    synopsis="Finds lines in which something stands.",
    examples={"Get-Content hosts.txt | Select-String '^10[.]'": "The lines that begin with 10."},
    stream=_select_string,
)
