"""What a save amounted to, and the whole configuration, as commands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.db.models import QuerySet

from console.actors import Actor
from console.audit import queries as audit
from console.audit.models import Entry
from console.commands.entry_commands import KINDS, entry_command
from console.commands.script import script
from console.commands.wording import quoted
from console.publishing import queries as publishing
from console.publishing.compile import compile_snapshot
from console.publishing.gateways import known
from console.publishing.models import ConfigRevision
from transport.config.document import DocumentError
from transport.config.snapshot import Snapshot

STAND_IN = "empty.invalid"
"""One domain is always the default: this one is it while an installation is empty."""
EMPTYING = (
    "# It rebuilds the configuration on an empty installation. These commands empty a new one:",
    "#   Get-ReceiveConnector | Remove-ReceiveConnector -Confirm:$false",
    "#   Get-SendConnector | Remove-SendConnector -Confirm:$false",
    f"#   New-AcceptedDomain {STAND_IN} -DomainName {STAND_IN}",
    f"#   Set-AcceptedDomain {STAND_IN} -MakeDefault $true",
    "#   Get-AcceptedDomain | Where-Object {-not $_.Default} | Remove-AcceptedDomain -Confirm:$false",
)


def whole_script() -> list[str]:
    """The commands that rebuild what is saved now, below a few comments."""
    newest = publishing.newest()
    of = f", revision {newest.number} of {newest.created_at:%Y-%m-%d %H:%M} UTC" if newest else ""
    now = compile_snapshot(0)
    return [f"# Gatepost{of}.", *EMPTYING, *script(Snapshot(), now, known()), *_default_domain(now)]


def _default_domain(now: Snapshot) -> list[str]:
    """The default domain as it is, in place of the one that the installation was emptied with."""
    name = next((each.name for each in now.accepted_domains if each.default), None)
    if name is None:
        return []
    return [
        f"Get-AcceptedDomain | Where-Object {{$_.Name -eq {quoted(name)} -and -not $_.Default}} | "
        "Set-AcceptedDomain -MakeDefault $true",
        f"Get-AcceptedDomain | Where-Object DomainName -eq {STAND_IN} | Remove-AcceptedDomain -Confirm:$false",
    ]


@dataclass(frozen=True)
class Done:
    """What one action amounted to; `revision` is None for what no revision holds."""

    at: datetime
    what: str
    lines: list[str]
    revision: int | None = None


def commands_of(number: int) -> list[str]:
    """The commands that lead from the revision before to this one; a comment when one of them is damaged."""
    checksums = dict(publishing.revisions().filter(number__in=(number - 1, number)).values_list("number", "checksum"))
    behind = tuple(sorted(known().items()))
    return list(_commands(number, checksums.get(number - 1, ""), checksums.get(number, ""), behind))


@lru_cache(maxsize=256)
def _commands(number: int, before: str, after: str, behind: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """A revision never changes: its documents are read once. The checksums tell it from that of another database;
    `behind`: the gateways of now.
    """
    documents = ConfigRevision.objects.in_bulk((number - 1, number))
    try:
        former, then = (publishing.snapshot(documents.get(each)) for each in (number - 1, number))
        return tuple(script(former, then, dict(behind)))
    except DocumentError as error:
        return (f"# {error}",)


def done(actor: Actor, most: int) -> list[Done]:
    """What the administrator has done, newest first."""
    mine = publishing.revisions().filter(author=actor.name)[:most]
    saved = [Done(each.created_at, each.comment, commands_of(each.number), each.number) for each in mine]
    others = [Done(each.time, str(each), [command_of(each)]) for each in own_entries(actor)[:most]]
    every = sorted([*saved, *(each for each in others if each.lines != [""])], key=lambda each: each.at, reverse=True)
    return every[:most]


def own_entries(actor: Actor) -> QuerySet[Entry]:
    """The administrator's entries in the change history about what no revision holds, newest first."""
    return audit.entries().filter(actor=actor.name, revision=None, kind__in=KINDS)


def command_of(entry: Entry) -> str:
    """The command of an entry, or an empty text."""
    return entry_command(entry.kind, entry.object_name, entry.verb, entry.after)
