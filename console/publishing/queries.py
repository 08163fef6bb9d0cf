"""What is saved, and what is in force where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from console import clock
from console.crud import schema
from console.publishing.models import ConfigRevision, Draft, Transport, Trial
from transport.config import document
from transport.config.document import DocumentError
from transport.config.revisions import readable as revisions_that_can_be_read
from transport.config.snapshot import Snapshot
from transport.receive.exposure import Exposure, exposures
from transport.receive.relay_proof import Proof, proof

OLDEST = 20
"""Revisions that are looked at, from the newest on, for one that can be read."""
ALIVE = timedelta(seconds=30)
"""A transport that has not reported for so long is not counted: it is gone, or cannot reach the database."""


@dataclass(frozen=True)
class InForce:
    """The newest revision as saved, and how many of the running transports answer under it."""

    number: int
    saved_at: datetime | None
    author: str
    running: int
    on_newest: int

    @property
    def everywhere(self) -> bool:
        return self.running > 0 and self.on_newest == self.running


def revisions() -> QuerySet[ConfigRevision]:
    """All revisions, newest first, without their documents."""
    return ConfigRevision.objects.defer("document")


def newest() -> ConfigRevision | None:
    """The newest revision, without its document."""
    return revisions().first()


def draft() -> Draft | None:
    """The one on which this request or command works."""
    pk = schema.current().removeprefix("draft_")
    return Draft.objects.defer("based_on", "document").filter(pk=int(pk)).first() if pk else None


def called(number: int) -> str:
    """What a person reads of a revision: those in a draft are the draft."""
    used = draft()
    return _("Draft “%s”") % used.name if used and number >= used.first_number else _("Revision %d") % number


def trial() -> Trial | None:
    """What holds for a time only."""
    return Trial.objects.first()


def numbered(number: int) -> ConfigRevision | None:
    """One revision, with its document."""
    return ConfigRevision.objects.filter(number=number).first()


def newest_with_document() -> ConfigRevision | None:
    return ConfigRevision.objects.first()


def snapshot(revision: ConfigRevision | None) -> Snapshot:
    """What a revision says; an empty configuration for None. Raises DocumentError when the document is damaged."""
    return document.decode(revision.document) if revision else Snapshot()


@lru_cache(maxsize=2)
def bindings(text: str) -> tuple[str, ...]:
    """The bindings (host:port) of the enabled Receive connectors of a revision's document, which is read once. Raises
    DocumentError.
    """
    connectors = document.decode(text).receive_connectors
    return tuple(str(binding) for connector in connectors if connector.enabled for binding in connector.bindings)


def readable(revision: ConfigRevision | None) -> Snapshot:
    """What a revision says. A damaged one must not keep anybody from looking or saving: it counts as empty."""
    try:
        return snapshot(revision)
    except DocumentError:
        return Snapshot()


def saved() -> Snapshot:
    """What the newest revision says that can be read."""
    return next(filter(None, (_decoded(*each) for each in _newest())), Snapshot())


def _newest() -> QuerySet[ConfigRevision, tuple[int, str]]:
    return ConfigRevision.objects.values_list("number", "checksum")[:OLDEST]


@lru_cache(maxsize=4)
def _decoded(number: int, checksum: str) -> Snapshot | None:
    """What a revision says, None where it cannot be read. Its document never changes, and is read once: with hundreds
    of connectors that takes longer than the rest of a page.
    """
    revision = ConfigRevision.objects.filter(number=number, checksum=checksum)
    rows = revision.values_list("number", "document", "checksum")
    return next(revisions_that_can_be_read(rows, lambda number, error: None), None)


def saved_proof() -> Proof:
    """The relay proof of what `saved` gives."""
    found = ((checksum, _decoded(number, checksum)) for number, checksum in _newest())
    return next((proof_of(checksum, each) for checksum, each in found if each), Proof(()))


_proofs: dict[str, Proof] = {}
_MOST_PROOFS = 4


def proof_of(checksum: str, snapshot: Snapshot) -> Proof:
    """The relay proof of the configuration with this checksum, worked out once for each of the last few."""
    found = _proofs.get(checksum)
    if found is None:
        found = _proofs[checksum] = proof(snapshot)
        for oldest in list(_proofs)[:-_MOST_PROOFS]:
            _proofs.pop(oldest, None)
    return found


def relays() -> dict[str, Exposure]:
    """Connector → what strangers may do through it, of all through which they relay, by the newest revision."""
    revision = newest()
    return _relays(revision.checksum) if revision else {}


@lru_cache(maxsize=4)
def _relays(checksum: str) -> dict[str, Exposure]:
    """By the revision with this checksum: worked out once for each, since every look at a list asks."""
    return {each.connector: each for each in exposures(saved())}


def running() -> list[Transport]:
    """The transports that reported lately, by name. (A clock that was set back makes old reports lie ahead.)"""
    now = clock.now()
    return list(Transport.objects.filter(seen_at__range=(now - ALIVE, now + ALIVE)))


def in_force(transports: Collection[Transport] | None = None) -> InForce:
    """Saved and in force as two facts, for the top bar and for `manage.py status`; `transports` that run, if known."""
    saved = newest()
    transports = running() if transports is None else transports
    number = saved.number if saved else 0
    return InForce(
        number=number,
        saved_at=saved.created_at if saved else None,
        author=saved.author if saved else "",
        running=len(transports),
        on_newest=sum(transport.revision == number for transport in transports),
    )


def open_sessions() -> Counter[str]:
    """Connector name → sessions that are under way, of all running transports."""
    total: Counter[str] = Counter()
    for transport in running():
        total.update(transport.sessions_by_connector)
    return total


def listening_problems(transports: Iterable[Transport] | None = None) -> dict[str, list[str]]:
    """Connector name → what keeps it from listening, in words, of all running transports (or of these)."""
    found: dict[str, list[str]] = {}
    transports = running() if transports is None else list(transports)
    served = {binding for transport in transports for binding in transport.bindings}
    for transport in transports:
        for problem in unserved(transport.problems, served):
            lines = found.setdefault(problem.get("connector", ""), [])
            if problem.get("message", "") not in lines:
                lines.append(problem.get("message", ""))
    return found


def unserved(problems: Iterable[dict[str, Any]], served: set[str]) -> list[dict[str, Any]]:
    """What a transport reports, but for bindings to addresses of another machine, on which somebody listens there."""
    return [each for each in problems if not (each.get("elsewhere") and each.get("binding") in served)]
