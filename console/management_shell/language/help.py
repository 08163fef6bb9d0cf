"""Get-Help and Get-Command: every cmdlet from its own declaration."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping

from console.management_shell.language import patterns
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.printing import Formatted
from console.management_shell.language.values import Record, read_text, spelling

WIDEST = 100


def helping(table: Mapping[str, Cmdlet], aliases: Mapping[str, str]) -> dict[str, Cmdlet]:
    """Get-Help and Get-Command about the cmdlets of a table, by name."""

    def get_help(call: Call) -> Iterator[object]:
        name = call.get("Name", "*")
        found = matching(table, aliases.get(name.lower(), name))
        if len(found) != 1:
            return (_line(each) for each in found)
        lines = list(_sections(found[0], call, min(call.host.width, WIDEST)))
        return iter([Formatted(tuple(lines))])

    def get_command(call: Call) -> Iterator[object]:
        return (_line(each) for each in matching(table, call.get("Name", "*")))

    name = Parameter(
        "Name", read_text, position=0, help="A cmdlet, or several with wildcards.", values=lambda: sorted(table)
    )
    found = (
        Cmdlet(
            "Get-Help",
            get_help,
            (
                name,
                Parameter("Examples", switch=True, help="Only the examples."),
                Parameter("Parameter", read_text, help="Only these parameters; wildcards are possible."),
                Parameter("Full", switch=True, help="Accepted; the help is always complete."),
                Parameter("Detailed", switch=True, help="Accepted; the help is always complete."),
            ),
            "Shows what a cmdlet does, its parameters and examples.",
            {
                "Get-Help Set-ReceiveConnector": "Everything about one cmdlet.",
                "Get-Help Set-ReceiveConnector -Parameter *Max*": "Some of its parameters.",
                "Get-Help *connector*": "Which cmdlets there are.",
            },
        ),
        Cmdlet(
            "Get-Command",
            get_command,
            (name,),
            "Lists the cmdlets of this shell. Nothing else can be run.",
            {"Get-Command *queue*": "What can be done with queues."},
        ),
    )
    return {each.name: each for each in found}


def matching(table: Mapping[str, Cmdlet], name: str) -> list[Cmdlet]:
    """The cmdlets of a name with wildcards, in order of noun and verb. Raises ShellError when there is none."""
    exact = spelling(name, table)
    if exact:
        return [table[exact]]
    found = [each for each in table.values() if patterns.like(each.name, name)]
    found = found or [each for each in table.values() if name.lower() in each.name.lower()]
    if not found:
        raise ShellError(f"There is no cmdlet like '{name}'. Get-Command lists all.", "Name")
    return sorted(found, key=lambda each: each.name.partition("-")[::-1])


def _line(cmdlet: Cmdlet) -> Record:
    return Record("Command", {"Name": cmdlet.name, "Synopsis": cmdlet.synopsis}, ("Name", "Synopsis"), name=cmdlet.name)


def _sections(cmdlet: Cmdlet, call: Call, width: int) -> Iterator[str]:
    pattern = call.get("Parameter")
    wanted = [each for each in cmdlet.all_parameters() if patterns.like(each.name, pattern or "*")]
    if pattern and not wanted:
        raise ShellError(f"{cmdlet.name} has no parameter like '{pattern}'.", "Parameter")
    if not pattern and not call.get("Examples"):
        yield from ("", "NAME", f"    {cmdlet.name}", "", "SYNOPSIS", f"    {cmdlet.synopsis}", "", "SYNTAX")
        yield from _wrapped(syntax_of(cmdlet), width, "    ", "        ")
    if not call.get("Examples"):
        yield from ("", "PARAMETERS")
        for parameter in wanted:
            yield from _parameter(parameter, width)
    if cmdlet.examples and not pattern:
        yield from ("", "EXAMPLES")
        for command, meaning in cmdlet.examples.items():
            yield from (f"    {command}", *_wrapped(meaning, width, "        ", "        "), "")


def _parameter(parameter: Parameter, width: int) -> Iterator[str]:
    yield f"    {_spelled(parameter)}"
    notes = [parameter.help] + (["Mandatory."] if parameter.mandatory else [])
    notes += ["Takes piped objects."] if parameter.from_pipeline else []
    notes += [f"Allowed: {', '.join(parameter.choices)}."] if parameter.choices else []
    yield from _wrapped(" ".join(note for note in notes if note), width, "        ", "        ")


def _wrapped(words: str, width: int, first: str, rest: str) -> list[str]:
    return textwrap.wrap(words, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)


def _spelled(parameter: Parameter) -> str:
    name = f"[-{parameter.name}]" if parameter.position is not None else f"-{parameter.name}"
    return name if parameter.switch else f"{name} <value>"


def syntax_of(cmdlet: Cmdlet) -> str:
    """`Set-ReceiveConnector [-Identity] <value> [-Banner <value>] …`: what is optional stands in brackets."""
    words = [_spelled(each) if each.mandatory else f"[{_spelled(each)}]" for each in cmdlet.all_parameters()]
    return " ".join([cmdlet.name, *words])
