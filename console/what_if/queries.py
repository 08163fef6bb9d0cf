"""The what-if on a configuration of this installation: what the pure answer needs to be given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import monotonic

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from console import clock
from console.directory import queries as directory
from console.kerberos import queries as kerberos
from console.protection import queries as protection
from console.publishing import gateways
from console.publishing import queries as publishing
from console.publishing.relay_guard import danger
from console.tracking.models import Session
from console.tracking.remedies import Facts, Remedy, remedies_for
from transport.config.document import DocumentError
from transport.config.endpoint import parse_range
from transport.config.snapshot import Snapshot
from transport.receive.facts import Texts
from transport.receive.relay_openings import newly_open
from transport.receive.relay_proof import Proof, proof
from transport.trace.line import endpoint
from transport.trace.sessions import Direction
from transport.trace.watched import WatchedPolicy
from transport.trace.what_if import Answer, Dialogue, Given, what_if

Records = Mapping[tuple[str, str], Texts]
SECONDS, AT_ONCE = 10.0, 16
"""After which DNS is asked nothing more, and how much of it is asked before the time is looked at."""


def revision(number: int | None) -> Snapshot:
    """The configuration of a revision, of the newest one for None. Raises ValidationError."""
    if number is None:
        return publishing.saved()
    found = publishing.numbered(number)
    if found is None:
        raise ValidationError({"revision": _("There is no revision %d.") % number})
    try:
        return publishing.snapshot(found)
    except DocumentError as error:
        raise ValidationError({"revision": str(error)}) from None


def answer(snapshot: Snapshot, dialogue: Dialogue, records: Records, lists: str = "") -> Answer:
    """What a client would hear under a configuration; who is in the directory, and signs in, is asked as it is now.
    `records`: what DNS is known to have; `lists`: an address that the directory is to have, too.
    """
    policy = WatchedPolicy(snapshot, settings.GATEPOST_NODE, not kerberos.why_not_offered())

    def is_listed(address: str) -> bool:
        return address.lower() == lists.lower() or directory.is_listed(address)

    given = Given(bool(snapshot.certificates), is_listed, records, clock.now().timestamp())
    return what_if(policy, dialogue, given)


def looked_up(snapshot: Snapshot, dialogue: Dialogue, records: Records) -> Records:
    """The same with what DNS says to what is not known. An answer (a name) may lead to another question (its address).
    Each waits as long as the connection filter does, and counts as none then, as it does for the transport.
    """
    known, until = dict(records), monotonic() + SECONDS
    while monotonic() < until:
        asked = answer(snapshot, dialogue, known).questions
        missing = [(each.record.name, each.record.kind) for each in asked if each.answer is None][:AT_ONCE]
        if not missing:
            break
        found = protection.records(missing, snapshot.connection_filter)
        known |= {(name.lower(), kind): found[name, kind] or () for name, kind in missing}
    return known


def remedies(answer: Answer, dialogue: Dialogue) -> list[Remedy]:
    """What would let the message in under the saved configuration: forms, filled in."""
    refusal = answer.refusal
    if refusal is None or answer.accepted is not None:
        return []
    client = Session(
        direction=Direction.RECEIVE.value,
        connector=answer.match.connector.name if answer.match is not None else "",
        local_endpoint=endpoint(*dialogue.local),
        remote_address=dialogue.client,
    )
    return remedies_for(refusal.rule, Facts(client, refusal.said, dialogue.user is not None))


@dataclass(frozen=True)
class Tried:
    """A remedy, and what became of the message when it was tried.

    `refusal`: the reply that refuses it all the same; `opens`: who else than the client could relay by it, and could
    not before, in words.
    """

    remedy: Remedy
    lets_in: bool
    refusal: str = ""
    opens: tuple[str, ...] = ()
    is_smallest: bool = False


def tried(snapshot: Snapshot, found: list[Remedy], dialogue: Dialogue, records: Records) -> list[Tried]:
    """The remedies, each tried on a configuration: the smallest change that lets the message in stands first, which is
    one that lets nobody else relay and is about the fewest; those that do not suffice stand last.
    """
    stands = proof(snapshot)
    every = [_tried(snapshot, stands, each, dialogue, records) for each in found]
    every.sort(key=lambda each: (not each.lets_in, bool(each.opens), each.remedy.reach))
    return [replace(each, is_smallest=each is every[0] and each.lets_in and not each.opens) for each in every]


def _tried(snapshot: Snapshot, stands: Proof, remedy: Remedy, dialogue: Dialogue, records: Records) -> Tried:
    changed = remedy.change(snapshot)
    heard = answer(changed, dialogue, records, remedy.lists)
    if heard.accepted is None:
        return Tried(remedy, False, heard.refusal.text if heard.refusal is not None else "")
    opened = newly_open(stands, proof(changed)) if changed is not snapshot else {}
    behind = gateways.known() if opened else {}
    client = parse_range(dialogue.client).bounds
    others = (
        way
        for way in opened.values()
        if not way.ranges or any(one.bounds != client for one in way.ranges) or gateways.gateway_in(way.ranges, behind)
    )
    return Tried(remedy, True, opens=tuple(danger(way, behind) for way in others))
