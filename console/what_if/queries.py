"""The what-if on a configuration of this installation: what the pure answer needs to be given."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from console.directory import queries as directory
from console.kerberos import queries as kerberos
from console.protection import queries as protection
from console.publishing import queries as publishing
from console.tracking.models import Session
from console.tracking.remedies import Facts, Remedy, remedies_for
from transport.config.document import DocumentError
from transport.config.snapshot import Snapshot
from transport.receive.facts import Texts
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


def answer(snapshot: Snapshot, dialogue: Dialogue, records: Records) -> Answer:
    """What a client would hear under a configuration; who is in the directory, and signs in, is asked as it is now.
    `records`: what DNS is known to have.
    """
    policy = WatchedPolicy(snapshot, settings.GATEPOST_NODE, not kerberos.why_not_offered())
    given = Given(bool(snapshot.certificates), directory.is_listed, records, timezone.now().timestamp())
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
