"""What can stand at the end of an unfinished line: cmdlets, parameters, values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from console.management_shell.language import binding
from console.management_shell.language.cmdlet import Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.literals import DASHES
from console.management_shell.language.quoting import quoted
from console.management_shell.language.values import spelling

MOST = 100
_TOKEN = re.compile(
    r"""(?P<text>"[^"`]*(?:`.[^"`]*)*(?:"|$)|'[^']*(?:'|$))|(?P<new>[|;{(\n]|\$\(|[+-]?=(?=\s|$))|(?P<end>[)}])|(?P<space>\s+)"""
    r"""|(?P<comment>\#[^\n]*)|(?P<word>[^\s|;{()}"'\n,]+|,)""",
    re.DOTALL,
)


@dataclass(frozen=True)
class Candidate:
    """`text` replaces what stands from `start` to the end of the line; `meaning` is a few words beside it."""

    text: str
    start: int
    meaning: str = ""


def complete(table: Mapping[str, Cmdlet], aliases: Mapping[str, str], before: str) -> list[Candidate]:
    """The candidates for a line up to the cursor, at most `MOST`."""
    stages, start = _stages(before)
    current = before[start:]
    found = list(_candidates(table, aliases, stages, current))
    return [Candidate(text, start, meaning) for text, meaning in found[:MOST]]


def _stages(before: str) -> tuple[list[list[str]], int]:
    """The finished words of each command of the pipeline around the cursor, and where the unfinished word begins."""
    stages: list[list[str]] = [[]]
    start = len(before)
    for match in _TOKEN.finditer(before):
        last = match.end() == len(before)
        if match["new"]:
            stages = [*stages, []] if match[0] == "|" else [[]]
        elif last and (match["word"] or match["text"]) and match[0] != ",":
            start = match.start()
        elif match["word"] or match["text"] or match["end"]:
            stages[-1].append(match[0])
    return stages, start


def _candidates(
    table: Mapping[str, Cmdlet], aliases: Mapping[str, str], stages: list[list[str]], current: str
) -> Iterator[tuple[str, str]]:
    words = stages[-1]
    if not words:
        yield from _cmdlets(table, current)
        return
    found = spelling(aliases.get(words[0].lower(), words[0]), table)
    if found is None:
        return
    if current.translate(DASHES).startswith("-"):
        yield from _parameters(table[found], words, current.translate(DASHES)[1:])
        return
    parameter = _waiting(table[found], words)
    if parameter is not None and parameter.name in ("Property", "FilterScript"):
        yield from ((name, meaning) for name, meaning in _properties(table, stages[0]) if _fits(name, current))
    elif parameter is not None:
        yield from ((quoted(value), parameter.name) for value in _values(parameter) if _fits(value, current))


def _properties(table: Mapping[str, Cmdlet], source: list[str]) -> Iterator[tuple[str, str]]:
    """What the objects of Get-… have: at least what Set-… can change."""
    setter = spelling(source[0].translate(DASHES).lower().replace("get-", "set-", 1), table) if source else None
    if setter is not None:
        yield from ((each.name, each.help) for each in table[setter].parameters)


def _cmdlets(table: Mapping[str, Cmdlet], current: str) -> Iterator[tuple[str, str]]:
    for name in sorted(table, key=lambda each: each.partition("-")[::-1]):
        if name.lower().startswith(current.lower().translate(DASHES)):
            yield name, table[name].synopsis


def _parameters(cmdlet: Cmdlet, words: Iterable[str], current: str) -> Iterator[tuple[str, str]]:
    given = {
        word.translate(DASHES).lstrip("-").rstrip(":").lower() for word in words if word.translate(DASHES)[0] == "-"
    }
    for parameter in cmdlet.all_parameters():
        if parameter.name.lower().startswith(current.lower()) and parameter.name.lower() not in given:
            yield f"-{parameter.name}", parameter.help


def _waiting(cmdlet: Cmdlet, words: list[str]) -> Parameter | None:
    """The parameter whose value comes next: the one that was named last, or the next positional one."""
    last = words[-1].translate(DASHES)
    named = [word for word in words[1:] if word.translate(DASHES).startswith("-")]
    if words[-1] == "," and named:
        last = named[-1].translate(DASHES)
    if last.startswith("-"):
        try:
            parameter = binding.find(cmdlet, last[1:].rstrip(":"))
        except ShellError:
            return None
        if not parameter.switch:
            return parameter
    places = [each for each in cmdlet.parameters if each.position is not None]
    return places[0] if places and (len(words) == 1 or words[-1] == ",") else None


def _values(parameter: Parameter) -> Iterable[str]:
    return parameter.choices or (parameter.values() if parameter.values else ())


def _fits(value: str, current: str) -> bool:
    return value.lower().startswith(current.strip("\"'").lower())
