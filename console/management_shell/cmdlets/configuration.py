"""Export- and Import-GatepostConfiguration: everything as a script, and what an Exchange server exported."""

from __future__ import annotations

from collections.abc import Iterator

from console.commands.queries import whole_script
from console.management_shell.cmdlets.guard import CONFIRM_RELAY, confirmed, guarded
from console.management_shell.cmdlets.results import octets
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Record, read_text, read_texts
from console.moving_in import actions, queries
from console.moving_in.objects import Item, ReadError
from console.moving_in.plan import Choice, Step
from console.moving_in.reading import read
from console.moving_in.report import Translated, Verdict

DONE = {Choice.SKIP: "Left out", Choice.IMPORT: "Imported", Choice.REPLACE: "Replaced", Choice.RENAME: "Imported"}


def _export(call: Call) -> Iterator[object]:
    lines = whole_script()
    if "Path" in call.arguments:
        call.host.write_file(call.arguments["Path"], "".join(line + "\n" for line in lines).encode())
    else:
        yield from lines


def _import(call: Call) -> Iterator[object]:
    sources = [(path, call.host.read_file(path)) for path in call.get("Path", ())]
    if "FileData" in call.arguments:
        sources.append(("FileData", octets(call.arguments["FileData"])))
    if not sources:
        raise ShellError("Say -Path with the files that Exchange exported, or -FileData.", "Path")
    found, steps = queries.planned(_items(sources), bool(call.get("Replace")))
    rehearsed = actions.rehearse(call.host.actor, steps)
    if rehearsed.problems:
        raise ShellError(" ".join(rehearsed.problems))
    left_out = [f"{name} is left out: {reason}" for name, reason in _left_out(found, steps)]
    for text in [*left_out, *(f"{name}: {danger}" for name, danger in rehearsed.relays.items())]:
        call.warning(text)
    if rehearsed.unknown:
        call.warning(f"The directory knows no recipients of {', '.join(rehearsed.unknown)}: mail for them is refused.")
    wanted = sum(step.wanted for step in steps)
    names = ", ".join(name for name, _ in sources)
    if not call.should_process(names, f"Import {wanted} object{'' if wanted == 1 else 's'} as one revision"):
        yield from _properties(found) if call.what_if else ()
        return
    comment = f"Import from Exchange: {names}"
    confirmed(call, lambda typed: actions.apply(call.host.actor, steps, comment, typed))
    yield from _objects(found, steps)


def _items(sources: list[tuple[str, bytes]]) -> list[Item]:
    items = []
    for name, content in sources:
        try:
            items += read(content)[0]
        except ReadError as error:
            raise ShellError(f"{name}: {error}", "FileData" if name == "FileData" else "Path") from None
    return items


def _objects(found: list[Translated], steps: list[Step]) -> Iterator[Record]:
    """What became of each object."""
    by_object = {id(step.found): step for step in steps}
    for each in found:
        step = by_object.get(id(each))
        reason = each.problem or (_reason(step) if step and not step.wanted else "")
        yield Record(
            "ImportedObject",
            {
                "Source": each.source.value,
                "Name": each.name,
                "Result": DONE[step.choice] if step else "Read",
                "Applied": each.count(Verdict.APPLIED),
                "Approximated": each.count(Verdict.APPROXIMATED),
                "NotEnforced": each.count(Verdict.NOT_ENFORCED),
                "Reason": reason,
            },
            ("Source", "Name", "Result", "Applied", "Approximated", "NotEnforced", "Reason"),
        )


def _left_out(found: list[Translated], steps: list[Step]) -> Iterator[tuple[str, str]]:
    """Names of what will not be imported, and why."""
    yield from ((each.name, each.problem) for each in found if each.problem)
    yield from ((step.found.name, _reason(step)) for step in steps if not step.wanted)


def _reason(step: Step) -> str:
    same = "It is here already, exactly so." if step.here_already else ""
    return same or " ".join(step.conflicts) or step.found.better_left


def _properties(found: list[Translated]) -> Iterator[Record]:
    """Each property, as the page shows it."""
    for each in found:
        for line in each.lines:
            yield Record(
                "ImportedProperty",
                {
                    "Object": each.name,
                    "Property": line.name,
                    "Exported": line.exported,
                    "Here": line.becomes,
                    "Verdict": line.verdict.value,
                    "Reason": line.reason,
                },
                ("Object", "Property", "Exported", "Here", "Verdict", "Reason"),
            )


EXPORT = Cmdlet(
    "Export-GatepostConfiguration",
    _export,
    (Parameter("Path", read_text, position=0, help="Where to write the script. Without it, it is put out."),),
    "Writes the whole configuration as a script that rebuilds it. Private keys and passwords are not in it.",
    {"Export-GatepostConfiguration gatepost.ps1": "Writes the script into a file."},
)
IMPORT = Cmdlet(
    "Import-GatepostConfiguration",
    _import,
    (
        Parameter("Path", read_texts, position=0, help="Files that Export-Clixml, ConvertTo-Json or Export-Csv wrote."),
        Parameter("FileData", help="The content of one, as text or octets."),
        Parameter("Replace", switch=True, help="Puts imported objects in place of those that are in their way."),
        CONFIRM_RELAY,
    ),
    "Imports what an Exchange server exported: all or nothing, as one revision.",
    {
        "Import-GatepostConfiguration receive-connectors.xml,permissions.xml -WhatIf": (
            "Shows what would become of each property."
        ),
        "Import-GatepostConfiguration receive-connectors.xml,permissions.xml": "Imports the connectors.",
    },
    changes=True,
)
TABLE = {each.name: guarded(each) for each in (EXPORT, IMPORT)}
