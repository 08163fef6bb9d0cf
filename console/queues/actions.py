"""What an administrator does with the queue. Every action writes an audit entry in its own transaction."""

from collections.abc import Iterable, Iterator
from uuid import UUID

import psycopg
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from console.actors import Actor
from console.audit.actions import record, record_reading
from console.queues import queries
from console.queues.models import Message, NextHop, QueuedRecipient, Status
from transport.deliver import claims, reports, routing
from transport.deliver.queries import QUERIES
from transport.send.dsn import Action, ReportedRecipient
from transport.send.route import UNREACHABLE

REMOVED = "550 5.3.2 QUEUE.Admin; message deleted by administrative action"


def retry(actor: Actor, key: str) -> int:
    """Try a next hop now, all of it; returns the recipients that were waiting. Unreachable ones are routed anew."""
    actor.require()
    with transaction.atomic():
        NextHop.objects.filter(pk=key).update(retry_at=None)
        waiting = QueuedRecipient.objects.filter(next_hop=key, status=Status.READY, claimed_by=None)
        count = waiting.update(due_at=Now())
        record(actor, "Queue", key, "retried", None, {"recipients": count})
        _wake([key])
    if key == UNREACHABLE.key:
        routing.reroute()
    return count


def suspend(actor: Actor, key: str) -> None:
    """Deliver nothing to a next hop until it is resumed. What is being delivered now goes on."""
    _set_suspended(actor, key, True)


def resume(actor: Actor, key: str) -> None:
    """Deliver to a next hop again."""
    _set_suspended(actor, key, False)


def _set_suspended(actor: Actor, key: str, suspended: bool) -> None:
    actor.require()
    with transaction.atomic():
        if NextHop.objects.filter(pk=key).exclude(suspended=suspended).update(suspended=suspended):
            before, after = {"suspended": not suspended}, {"suspended": suspended}
            record(actor, "Queue", key, "suspended" if suspended else "resumed", before, after)
            _wake([key])


def suspend_recipients(actor: Actor, recipients: Iterable[int]) -> int:
    """Hold these back; returns how many (not those being delivered now)."""
    return _set_status(actor, recipients, Status.READY, Status.SUSPENDED, "suspended")


def resume_recipients(actor: Actor, recipients: Iterable[int]) -> int:
    """Deliver these again, at once; returns how many."""
    return _set_status(actor, recipients, Status.SUSPENDED, Status.READY, "resumed")


def _set_status(actor: Actor, recipients: Iterable[int], old: Status, new: Status, verb: str) -> int:
    actor.require()
    with transaction.atomic():
        chosen = QueuedRecipient.objects.select_for_update().filter(
            pk__in=list(recipients), status=old, claimed_by=None
        )
        rows = list(chosen)
        QueuedRecipient.objects.filter(pk__in=[row.pk for row in rows]).update(status=new, due_at=Now())
        _record_each(actor, {row.message_id for row in rows}, verb)
        _wake({row.next_hop for row in rows})
        return len(rows)


def retry_recipients(actor: Actor, recipients: Iterable[int]) -> int:
    """Try these now, and their next hops with them; returns how many."""
    actor.require()
    with transaction.atomic():
        chosen: QuerySet[QueuedRecipient] = QueuedRecipient.objects.filter(
            pk__in=list(recipients), status=Status.READY, claimed_by=None
        )
        keys = set(chosen.values_list("next_hop", flat=True))
        _record_each(actor, set(chosen.values_list("message_id", flat=True)), "retried")
        count = chosen.update(due_at=Now())
        NextHop.objects.filter(pk__in=keys).update(retry_at=None)
        _wake(keys)
        return count


def remove_recipients(actor: Actor, recipients: Iterable[int], *, with_ndr: bool = True) -> int:
    """Take these out of the queue, and tell their senders if wished; returns how many (not those on their way now)."""
    actor.require()
    with transaction.atomic():
        raw = _raw()
        rows = raw.execute(QUERIES["remove"], [f"Removed by {actor.name}", list(recipients)]).fetchall()
        if with_ndr:
            concerned = [
                (message, ReportedRecipient(address, "5.3.2", REMOVED, *rest)) for message, address, *rest in rows
            ]
            reports.send(raw, routing.ROUTES.router(raw), Action.FAILED, concerned)
        messages = {row[0] for row in rows}
        claims.drop_content(raw, messages)
        _record_each(actor, messages, "removed with NDR" if with_ndr else "removed without NDR")
        return len(rows)


def export(actor: Actor, identity: UUID | str) -> Iterator[bytes]:
    """The message as .eml, in pieces. Who read whose mail is recorded."""
    actor.require()
    for message in Message.objects.filter(pk=identity):
        record_reading(actor, str(message.pk), "exported", _described(message))
    return queries.content(identity)


def _record_each(actor: Actor, messages: set[UUID], verb: str) -> None:
    """One entry for each of a few messages; one for all of many."""
    if len(messages) > 20:
        record(actor, "Message", f"{len(messages)} messages", verb, None, {"messages": len(messages)})
        return
    for message in Message.objects.filter(pk__in=messages):
        record(actor, "Message", str(message.pk), verb, None, _described(message))


def _described(message: Message) -> dict[str, str]:
    return {"sender": message.sender, "subject": message.shown_subject, "message_id": message.message_id}


def _wake(keys: Iterable[str]) -> None:
    _raw().execute(QUERIES["wake_delivery"], {"keys": list(keys)})


def _raw() -> psycopg.Connection:
    """The driver's connection of Django's transaction, for the statements that delivery shares."""
    connection.ensure_connection()
    found: psycopg.Connection = connection.connection
    return found
