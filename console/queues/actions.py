"""What an administrator does with the queue. Every action writes an audit entry in its own transaction."""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from uuid import UUID, uuid4

import psycopg
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from redis import RedisError

from console import clock
from console.actors import Actor
from console.audit.actions import record, record_reading
from console.queues import outcome, queries, zipping
from console.queues.models import RESTORED, Message, NextHop, QueuedRecipient, Status
from console.queues.outcome import Followed
from console.tracking import actions as tracked
from transport.deliver import claims, holds, links, reports, routing, tracking
from transport.deliver.queries import QUERIES
from transport.send import plain_report
from transport.send.dsn import Action, ReportedRecipient
from transport.send.route import POISON, UNREACHABLE
from transport.trace.events import Event, Source

REMOVED = "550 5.3.2 QUEUE.Admin; message deleted by administrative action"
AT_ONCE = 1000
"""Recipients in one transaction of a removal: what is locked, and what a report takes, stays little."""


def retry(actor: Actor, key: str) -> int:
    """Try a next hop now, all of it; returns the recipients that were waiting. Unreachable ones are routed anew."""
    actor.require()
    with transaction.atomic():
        NextHop.objects.filter(pk=key).update(retry_at=None)
        waiting = QueuedRecipient.objects.filter(next_hop=key, status=Status.READY, claimed_by=None)
        count = waiting.update(due_at=Now())
        if count:
            NextHop.objects.filter(pk=key).update(kept=False)
        record(actor, "Queue", key, "retried", None, {"recipients": count})
        for connector in NextHop.objects.filter(pk=key).exclude(connector="").values_list("connector", flat=True):
            _lift(actor, connector)
        _wake([key])
    if key == UNREACHABLE.key:
        routing.reroute()
    return count


def follow(what: str, recipients: Sequence[int], of: int) -> tuple[Followed, str]:
    """Keep for a while what was tried, to tell what comes of it, with the token under which it is found, empty where it
    cannot be kept. It is no change: nobody needs a role, and nothing is recorded.
    """
    kept = Followed(what, tuple(recipients[: outcome.MOST]), max(of, len(recipients)), clock.now().timestamp())
    token = secrets.token_urlsafe(16)
    try:
        cache.set(queries.FOLLOWED + token, kept, outcome.FOLLOWED * 2)
    except RedisError:
        return kept, ""
    return kept, token


def lift(actor: Actor, connector: str) -> int:
    """Let a Send connector and its accounts send again, whatever held them; returns how many holds ended."""
    actor.require()
    with transaction.atomic():
        return _lift(actor, connector)


def _lift(actor: Actor, connector: str) -> int:
    lifted = holds.lift(_raw(), connector)
    if lifted:
        record(actor, "Send connector", connector, "resumed", {"held": lifted}, None)
    return len(lifted)


def tell_link(actor: Actor, name: str, is_up: bool) -> None:
    """A script says that a link is up or down; mail that waits for it leaves. Raises ValidationError when no enabled
    Send connector has it.
    """
    actor.require()
    with transaction.atomic():
        raw = _raw()
        if not any(each.link == name for each in routing.ROUTES.router(raw).snapshot.send_connectors):
            raise ValidationError(_("No Send connector has the link “%s”.") % name)
        before, after = links.read(raw, name), links.tell(raw, name, is_up)
        if before.state is not after.state:
            record(actor, "Link", name, "reported", {"state": before.state}, {"state": after.state})


def suspend(actor: Actor, key: str, reason: str = "", until: datetime | None = None) -> None:
    """Deliver nothing to a next hop until it is resumed, or until then. What is being delivered now goes on."""
    actor.require()
    facts = {"suspended": True, "suspended_for": reason, "suspended_until": until}
    with transaction.atomic():
        if NextHop.objects.filter(pk=key).update(**facts):
            record(actor, "Queue", key, "suspended", {"suspended": False}, _shown(facts))


def resume(actor: Actor, key: str) -> None:
    """Deliver to a next hop again. What is set aside (the Poison queue) is routed and tried once more."""
    actor.require()
    if key == POISON.key:
        resume_recipients(actor, list(queries.waiting_recipients(key).values_list("pk", flat=True)))
        return
    facts = {"suspended": False, "suspended_for": "", "suspended_until": None}
    with transaction.atomic():
        if NextHop.objects.filter(pk=key, suspended=True).update(**facts):
            record(actor, "Queue", key, "resumed", {"suspended": True}, {"suspended": False})
            _wake([key])


def resubmit(actor: Actor, key: str) -> int:
    """Route anew what waits in a queue, and try it now; returns how many recipients. Suspended ones stay."""
    ready = QueuedRecipient.objects.filter(next_hop=key, status=Status.READY)
    return resubmit_recipients(actor, list(ready.values_list("pk", flat=True)))


def suspend_recipients(actor: Actor, recipients: Iterable[int], reason: str = "", until: datetime | None = None) -> int:
    """Hold these back; returns how many (not those being delivered now)."""
    actor.require()
    facts = {"status": Status.SUSPENDED, "held_for": reason, "held_until": until}
    with transaction.atomic():
        chosen = _waiting(recipients, Status.READY)
        _record_each(actor, chosen, "suspended", _shown({"held_for": reason, "held_until": until}))
        return _of(chosen).update(**facts)


def resume_recipients(actor: Actor, recipients: Iterable[int]) -> int:
    """Deliver these again, at once; returns how many. Those that were set aside are routed, and tried once more."""
    actor.require()
    with transaction.atomic():
        chosen = _waiting(recipients, Status.SUSPENDED)
        _record_each(actor, chosen, "resumed")
        aside = [row for row in chosen if row.next_hop == POISON.key]
        _raw().execute(QUERIES["give_time"], {"ids": [row.pk for row in chosen], "why": RESTORED})
        count = _of(chosen).update(status=Status.READY, due_at=Now(), held_for="", held_until=None)
        _of(aside).update(cut_short=0)
        routing.route(_raw(), [row.pk for row in aside])
        _wake({row.next_hop for row in chosen})
        return count


def retry_recipients(actor: Actor, recipients: Iterable[int]) -> int:
    """Try these now, and their next hops with them; returns how many."""
    actor.require()
    with transaction.atomic():
        chosen = _waiting(recipients, Status.READY)
        _record_each(actor, chosen, "retried")
        return _try_now(chosen)


def resubmit_recipients(actor: Actor, recipients: Iterable[int]) -> int:
    """Choose the next hop of these anew, also where an administrator had chosen it, and try it now; returns how many
    (not those that are suspended, or being delivered now).
    """
    actor.require()
    with transaction.atomic():
        chosen = _waiting(recipients, Status.READY)
        _record_each(actor, chosen, "resubmitted")
        _of(chosen).update(pinned=False)
        routing.route(_raw(), [row.pk for row in chosen])
        return _try_now(list(_of(chosen)))


def redirect_recipients(actor: Actor, recipients: Iterable[int], *, address: str = "", connector: str = "") -> int:
    """Send these to another address, or through another Send connector; returns how many (not those that are suspended,
    or being delivered now). Raises ValidationError when there is no such connector.
    """
    actor.require()
    with transaction.atomic():
        chosen = _waiting(recipients, Status.READY)
        keys = [row.pk for row in chosen]
        try:
            routing.redirect(_raw(), keys, address, connector)
        except LookupError:
            raise ValidationError(_("There is no enabled Send connector “%s”.") % connector) from None
        if address:
            tracked.find_also_by({row.message_id for row in chosen}, address)
        was = sorted({row.address for row in chosen})[:20]
        _record_each(actor, chosen, "redirected", {"to": address or f"Send connector {connector}", "was": was})
        return _try_now(list(_of(chosen)))


def hold_restored(actor: Actor) -> int:
    """After a restore: what waits is held, with what waited to be told to senders; nobody is at work. In the caller's
    transaction; returns how many recipients.
    """
    actor.require()
    raw = _raw()
    why = {"why": RESTORED}
    raw.execute(QUERIES["nobody_at_work"])
    raw.execute(QUERIES["no_more_tls_reports"], why)
    raw.execute(QUERIES["hold_restored"], why)
    while messages := reports.send_put_off(raw, routing.ROUTES.router(raw), AT_ONCE):
        claims.drop_content(raw, set(messages))
    return raw.execute(QUERIES["hold_restored"], why).rowcount


def remove_recipients(actor: Actor, recipients: Iterable[int], *, with_ndr: bool = True) -> int:
    """Take these out of the queue, and tell their senders if wished; returns how many (not those on their way now)."""
    actor.require()
    left, removed = iter(recipients), 0
    while part := list(islice(left, AT_ONCE)):
        removed += _remove(actor, part, with_ndr)
    return removed


def _remove(actor: Actor, recipients: list[int], with_ndr: bool) -> int:
    with transaction.atomic():
        raw = _raw()
        what = {"error": f"Removed by {actor.name}", "ids": recipients}
        event = tracking.telling(Event.FAIL if with_ndr else Event.DROP, Source.ADMIN)
        rows = raw.execute(QUERIES["remove"], what | event).fetchall()
        if with_ndr:
            concerned = [
                (message, ReportedRecipient(address, "5.3.2", REMOVED, *rest)) for message, address, *rest in rows
            ]
            reports.send(raw, routing.ROUTES.router(raw), Action.FAILED, concerned)
        messages = {row[0] for row in rows}
        claims.drop_content(raw, messages)
        _record_messages(actor, messages, "removed with NDR" if with_ndr else "removed without NDR")
        return len(rows)


def export(actor: Actor, identity: UUID | str) -> Iterator[bytes]:
    """The message as .eml, in pieces. Who read whose mail is recorded."""
    actor.require()
    for message in Message.objects.filter(pk=identity):
        record_reading(actor, str(message.pk), "exported", _described(message))
    return queries.content(identity)


def export_several(actor: Actor, rows: QuerySet[QueuedRecipient]) -> Iterator[bytes]:
    """The messages of these as .eml files in a ZIP file, in pieces, as many as `zipping` allows. That is recorded."""
    actor.require()
    chosen = list(rows.order_by("message_id").values_list("message_id", flat=True).distinct()[: zipping.MOST])
    with transaction.atomic():
        _record_messages(actor, set(chosen), "exported")
    return zipping.zipped((f"{identity}.eml", queries.content(identity)) for identity in chosen)


def read(actor: Actor, message: Message) -> None:
    """Writes down that somebody reads a message that waits. Raises PermissionDenied."""
    record_reading(actor, str(message.pk), "read", _described(message))


def _waiting(recipients: Iterable[int], status: Status) -> list[QueuedRecipient]:
    """Those of the recipients that have this status and are not being delivered, held until the transaction ends."""
    chosen = QueuedRecipient.objects.filter(pk__in=list(recipients), status=status, claimed_by=None)
    return list(chosen.order_by("pk").select_for_update())


def _of(rows: Iterable[QueuedRecipient]) -> QuerySet[QueuedRecipient]:
    return QueuedRecipient.objects.filter(pk__in=[row.pk for row in rows])


def _try_now(rows: list[QueuedRecipient]) -> int:
    keys = {row.next_hop for row in rows}
    count = _of(rows).update(due_at=Now())
    NextHop.objects.filter(pk__in=keys).update(retry_at=None, kept=False)
    _wake(keys)
    return count


def _record_each(
    actor: Actor, rows: Iterable[QueuedRecipient], verb: str, how: dict[str, object] | None = None
) -> None:
    _record_messages(actor, {row.message_id for row in rows}, verb, how)


def _record_messages(actor: Actor, messages: set[UUID], verb: str, how: dict[str, object] | None = None) -> None:
    """One entry for each of a few messages; one for all of many. `how`: with what."""
    if len(messages) > 20:
        record(actor, "Message", f"{len(messages)} messages", verb, None, {"messages": len(messages)} | (how or {}))
        return
    for message in Message.objects.filter(pk__in=messages):
        record(actor, "Message", str(message.pk), verb, None, _described(message) | (how or {}))


def _described(message: Message) -> dict[str, object]:
    return {"sender": message.sender, "subject": message.shown_subject, "message_id": message.message_id}


def _shown(facts: dict[str, object]) -> dict[str, object]:
    """For the change history: what was given, times as text."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in facts.items() if value}


def _wake(keys: Iterable[str]) -> None:
    _raw().execute(QUERIES["wake_delivery"], {"keys": list(keys), "first": ""})


def mail_out(addresses: Iterable[str], subject: str, text: str) -> None:
    """A plain message of Gatepost's own to each address, from the postmaster and the null sender, in the caller's
    transaction.
    """
    raw, now = _raw(), datetime.now(UTC)
    router = routing.ROUTES.router(raw)
    for to in addresses:
        own = uuid4()
        message_id = f"<{own.hex}@{router.server}>"
        about = plain_report.report(subject, text, reports.postmaster(router), to, message_id, now.timestamp())
        write = partial(raw.execute, QUERIES["insert_content"], [own, 0, about.head])
        reports.put(raw, router, own, None, about, len(about.head), to, now, write)


def _raw() -> psycopg.Connection:
    """The driver's connection of Django's transaction, for the statements that delivery shares."""
    connection.ensure_connection()
    found: psycopg.Connection = connection.connection
    return found
