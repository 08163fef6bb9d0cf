"""Every write of a setting happens inside `change`, which makes a revision of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _
from msgspec.structs import replace

from console import clock
from console.actors import Actor
from console.audit import actions as audit
from console.audit.queries import RELAY, TRIAL
from console.crud import schema
from console.publishing import queries, relay_guard
from console.publishing.columns import SettingsRow
from console.publishing.compile import compile_snapshot
from console.publishing.models import ConfigRevision, Draft, Trial
from console.publishing.published import every_kind
from transport.config import document, rules
from transport.config.snapshot import Snapshot

CHANNEL = "gatepost_config"
LOCK = 0x47617465706F7374  # "Gatepost": one change at a time in the whole installation

LEFT_OUT = 1000
"""Numbers: so many revisions may have been saved since a backup, which a log or another node may still name."""

Properties = dict[str, str]


@dataclass
class Change:
    """A change that is under way. `confirmed` holds the connector names that the administrator typed; None: it is what
    was in force before, and nobody is asked again. `minutes`: for so long only, unless it is confirmed.
    """

    actor: Actor
    comment: str
    confirmed: frozenset[str] | None
    minutes: int | None = None
    revision: ConfigRevision | None = None
    records: list[tuple[str, str, Properties | None, Properties | None]] = field(default_factory=list)
    known: dict[str, dict[int, Any]] = field(default_factory=dict)
    """Noun of a kind → key → struct, as it stands, of kinds whose rows nobody else writes meanwhile."""

    def record(self, kind: str, name: str, before: Properties | None, after: Properties | None) -> None:
        """Notes for the change history what became of an object: property → value as shown, or None."""
        if before != after:
            self.records.append((kind, name, before, after))


_outer: ContextVar[Change | None] = ContextVar("outer", default=None)
_tried: ContextVar[bool] = ContextVar("tried", default=False)


@contextmanager
def change(
    actor: Actor, comment: str, confirmed: Collection[str] | None = (), minutes: int | None = None
) -> Iterator[Change]:
    """One transaction: the writes of the body, their entries in the change history, a new revision, NOTIFY on commit.

    A change inside of another joins it: its writes and entries belong to the outer one, whose comment, author and
    confirmed names count, and which alone is checked and published.

    Only one change is under way at a time, so that the body reads and writes the newest state. Raises ValidationError,
    at the field where it is known, when the configuration would be inconsistent, or would let strangers relay through a
    connector whose name is not in `confirmed`; then nothing is written. Nothing changed: no revision.
    """
    outer = _outer.get()
    under_way = Change(actor, comment, None if confirmed is None else frozenset(confirmed), minutes)
    if outer:
        under_way.records, under_way.known = outer.records, outer.known
    with transaction.atomic():
        if outer:
            yield under_way
            return
        one_at_a_time()
        not_too_late(under_way)
        token = _outer.set(under_way)
        try:
            yield under_way
        finally:
            _outer.reset(token)
        under_way.revision = _publish(under_way)


def one_at_a_time() -> None:
    """Waits until no other change is under way; none begins before the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def not_too_late(under_way: Change | None = None) -> None:
    """Raises ValidationError between the end of a trial and the return of what was before it; in a draft, when that is
    no more: its tables are gone then, and those behind them are the real thing.
    """
    if schema.current():
        if queries.draft() is None:
            raise ValidationError(_("This draft is gone: somebody activated or discarded it. Nothing was saved."))
        if under_way and under_way.minutes:
            raise ValidationError(_("A draft is activated for a time as a whole."))
        return
    trial = queries.trial()
    if trial and trial.is_over:
        raise ValidationError(_("Nobody confirmed in time. Revision %d comes back now: try again then.") % trial.former)


@contextmanager
def tried() -> Iterator[None]:
    """All that the body writes is taken back at its end. So nobody has to confirm what it would open: to see that is
    why it is tried.
    """
    token = _tried.set(True)
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        _tried.reset(token)


def _publish(under_way: Change) -> ConfigRevision | None:
    newest = queries.newest_with_document()
    before = queries.readable(newest)
    after = compile_snapshot(newest.number + 1 if newest else 1)
    if newest and document.encode(before) == document.encode(replace(after, revision=before.revision)):
        return None
    encoded = document.encode(after)
    _check(under_way, after)
    if draft := queries.draft():
        return _keep(draft, under_way, after.revision, encoded)
    stood, wanted = (newest.checksum if newest else "", before), (document.checksum(encoded), after)
    dangers = _confirmed(under_way, stood, wanted)
    revision = _save(under_way, after.revision, encoded)
    for kind, name, old, new in under_way.records:
        audit.record(under_way.actor, kind, name, _verb(old, new), old, new, revision.number)
    for name, danger in dangers.items():
        audit.record(under_way.actor, RELAY, name, "confirmed", None, {"Danger": danger}, revision.number)
    return revision


def _keep(draft: Draft, under_way: Change, number: int, encoded: bytes) -> ConfigRevision:
    """In a draft nothing is published. The change history hears of it, and what it opens is asked, with the draft."""
    with_keys = {kind.noun for kind in every_kind() if not issubclass(kind.model, SettingsRow)}
    if not with_keys.isdisjoint(kind for kind, *_ in under_way.records):
        raise ValidationError(_("Keys are not kept in a draft: leave it to change certificates and keytabs."))
    draft.document, draft.authors = encoded.decode(), sorted({*draft.authors, under_way.actor.name})
    draft.save(update_fields=["document", "authors"])
    return keep_revision(number, encoded, under_way.actor.name, under_way.comment)


def _check(under_way: Change, after: Snapshot) -> None:
    if under_way.confirmed is None:
        return
    touched = {name for _, name, _, _ in under_way.records}
    found: dict[str, list[str]] = {}
    for name, problem in rules.snapshot_problems(after):
        place, text = (problem.field, problem.message) if name in touched else ("__all__", f"{name}: {problem.message}")
        found.setdefault(place, []).append(text)
    if found:
        raise ValidationError({place: list(dict.fromkeys(texts)) for place, texts in found.items()})


def _confirmed(under_way: Change, *states: tuple[str, Snapshot]) -> dict[str, str]:
    """The ways to relay that this change opens and that were confirmed: name → danger. `states`: (checksum,
    configuration) before and after.
    """
    if under_way.confirmed is None or _tried.get():
        return {}
    before, after = (queries.proof_of(*each) for each in states)
    return relay_guard.require_confirmation(before, after, under_way.confirmed)


def _verb(before: Properties | None, after: Properties | None) -> str:
    return "created" if before is None else "removed" if after is None else "changed"


def _save(under_way: Change, number: int, encoded: bytes) -> ConfigRevision:
    revision = keep_revision(number, encoded, under_way.actor.name, under_way.comment)
    if under_way.minutes:
        _begin_trial(under_way.actor, revision, under_way.minutes)
    wake_transports()
    return revision


def keep_revision(number: int, encoded: bytes, author: str, comment: str) -> ConfigRevision:
    """A row for a document; in a draft it stands in the draft's own table, and nothing is published."""
    return ConfigRevision.objects.create(
        number=number,
        document=encoded.decode(),
        checksum=document.checksum(encoded),
        author=author,
        comment=comment,
    )


def publish_restored(actor: Actor, comment: str) -> ConfigRevision:
    """What a backup held, under a number that no revision had which was saved after the backup."""
    actor.require()
    newest = queries.newest_with_document()
    number = (newest.number if newest else 0) + LEFT_OUT
    wanted = replace(queries.readable(newest), revision=number)
    return keep_revision(number, document.encode(wanted), actor.name, comment)


def _begin_trial(actor: Actor, revision: ConfigRevision, minutes: int) -> None:
    former, until = revision.number - 1, clock.now() + timedelta(minutes=minutes)
    if former == 0:
        raise ValidationError(_("There is nothing that could come back."))
    if queries.trial():
        raise ValidationError(_("Something is on trial already: confirm it or go back first."))
    Trial.objects.create(pk=1, former=former, until=until, author=actor.name)
    audit.record(actor, TRIAL, str(revision), "begun", None, {"Minutes": minutes, "Former revision": former})


def wake_transports() -> None:
    """Transports look at once, when the transaction ends, what is new for them: a revision, a session to end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
