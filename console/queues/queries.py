"""What the queue pages, the overview and the ledger read."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from uuid import UUID

import redis
from django.core.cache import cache
from django.db import connection
from django.db.models import Min, Q, QuerySet, Sum

from console import clock
from console.processes.models import Turn
from console.processes.queries import Backlog
from console.queues import outcome
from console.queues.models import Content, Hold, Link, Message, QueuedRecipient, Status
from console.queues.outcome import Followed, Said
from console.queues.queue import SUBMISSION, Queue
from console.queues.standing import WAITING, Standing
from transport import held_body
from transport.config import bounds
from transport.send.route import POISON

FACTS = """h.key, h.delivery_type, h.domain, h.connector, h.suspended, h.suspended_for, h.suspended_until,
    h.retry_count, h.retry_at, h.last_retry_at, h.failing_since, h.kept, h.expires_after, coalesce(o.words, '') AS held,
    o.until AS held_until"""
HELD = """LEFT JOIN queues_hold o
    ON o.connector = h.connector AND o.account = '' AND (o.until > now() OR o.until IS NULL)"""
OF_QUEUES = f"""
SELECT {FACTS}, coalesce(nullif(h.last_error, ''), q.last_error, '') AS last_error,
    coalesce(q.recipients, 0) AS recipients, coalesce(q.deferred, 0) AS deferred, coalesce(q.resting, 0) AS resting,
    coalesce(q.active, 0) AS active, m.accepted_at AS oldest, q.next_due,
    coalesce(f.came, 0) AS came, coalesce(f.went, 0) AS went
FROM queues_nexthop h LEFT JOIN (
    SELECT next_hop, count(*) AS recipients, count(*) FILTER (WHERE status = 'ready' AND due_at > now()) AS deferred,
        count(*) FILTER (WHERE status = 'suspended') AS resting, count(claimed_by) AS active,
        min(due_at) FILTER (WHERE status = 'ready') AS next_due, min(id) AS first, max(last_error) AS last_error
    FROM ({{waiting}}) waiting GROUP BY next_hop
) q ON q.next_hop = h.key
LEFT JOIN queues_recipient r ON r.id = q.first LEFT JOIN queues_message m ON m.id = r.message_id
LEFT JOIN (
    SELECT next_hop, sum(came) / 60.0::float8 AS came, sum(went) / 60.0::float8 AS went
    FROM queues_flow WHERE at > now() - interval '1 minute' GROUP BY next_hop
) f ON f.next_hop = h.key
{HELD}
"""
NEXT_HOPS = OF_QUEUES.format(waiting="SELECT * FROM queues_recipient WHERE status IN ('ready', 'suspended')")
# How many wait, since when and why: each further sum over all of them costs.
BRIEFLY = OF_QUEUES.format(
    waiting="""SELECT next_hop, id, last_error, NULL AS status, NULL::timestamptz AS due_at, NULL AS claimed_by
        FROM queues_recipient WHERE status IN ('ready', 'suspended')"""
)
# Apart, each status is an index of its own.
OF_ONE = """SELECT * FROM queues_recipient WHERE status = 'ready' AND next_hop = %(key)s
    UNION ALL SELECT * FROM queues_recipient WHERE status = 'suspended' AND next_hop = %(key)s"""
NEXT_HOP = f"{OF_QUEUES.format(waiting=OF_ONE)} WHERE h.key = %(key)s"
HOPS = f"SELECT {FACTS}, h.last_error FROM queues_nexthop h {HELD} WHERE h.key = ANY(%(keys)s)"
MESSAGES_OF = """
SELECT next_hop, count(*) FROM (
    SELECT DISTINCT next_hop, message_id FROM queues_recipient WHERE status = 'ready' AND next_hop = ANY(%(keys)s)
    UNION SELECT next_hop, message_id FROM queues_recipient WHERE status = 'suspended' AND next_hop = ANY(%(keys)s)
) one GROUP BY next_hop
"""
# Ordered, it is one step in the index for each; for EXISTS alone PostgreSQL would read the whole queue each time.
WAITED_FOR = """
SELECT key, domain FROM queues_nexthop h
WHERE (SELECT id FROM queues_recipient r WHERE r.next_hop = h.key AND r.status = 'ready' ORDER BY due_at LIMIT 1)
    IS NOT NULL
    OR EXISTS (SELECT FROM queues_recipient r WHERE r.next_hop = h.key AND r.status = 'suspended')
ORDER BY domain, key
"""
LEDGER = """
SELECT (SELECT coalesce(sum(recipients), 0) FROM queues_position),
    (SELECT coalesce(sum(messages), 0) FROM queues_position),
    (SELECT count(*) FROM queues_recipient r JOIN queues_message m ON m.id = r.message_id WHERE m.origin = 'generated')
        + coalesce(sum(n) FILTER (WHERE outcome = 'generated'), 0),
    coalesce(sum(n) FILTER (WHERE outcome = 'delivered'), 0),
    coalesce(sum(n) FILTER (WHERE outcome IN ('ready', 'suspended')), 0),
    coalesce(sum(n) FILTER (WHERE outcome = 'failed'), 0), coalesce(sum(n) FILTER (WHERE outcome = 'removed'), 0)
FROM (SELECT status AS outcome, count(*) AS n FROM queues_recipient GROUP BY status
      UNION ALL SELECT outcome, recipients FROM queues_retired) s
"""


def holds(connector: str = "") -> list[Hold]:
    """What may not send now, of one Send connector or of all: the connectors before their accounts."""
    now = clock.now()
    found = Hold.objects.filter(Q(until__gt=now) | Q(until=None)).order_by("connector", "account")
    return list(found.filter(connector=connector) if connector else found)


def link(name: str) -> Link | None:
    """What is known of a link; None where nobody has asked for it yet."""
    return Link.objects.filter(pk=name).first()


def lasting_holds() -> list[Hold]:
    """Those that somebody should look at: a fault, or mail that waits for a quota for an hour."""
    long_ago = clock.now() - timedelta(hours=1)
    return [hold for hold in holds() if hold.is_fault or hold.since < long_ago]


def next_hops(*, with_empty: bool = False, briefly: bool = False) -> list[Queue]:
    """Every queue, the fullest first; empty ones only when asked for. Messages are not counted yet; briefly, nor are
    recipients apart from all that wait, and when the next one is due stays open.
    """
    found = [*_submission(), *(_read(BRIEFLY, {}) if briefly else _queues())]
    shown = [queue for queue in found if queue.recipients or (with_empty and not queue.is_poison) or queue.suspended]
    return sorted(shown, key=lambda queue: (-queue.recipients, queue.key))


def next_hop(key: str) -> Queue | None:
    """One queue, empty or not, counted. (PostgreSQL can be asked for no text with NUL.)"""
    if "\0" in key:
        return None
    return next(iter(_submission() if key == SUBMISSION else counted(_queues(key))), None)


def counted(queues: Sequence[Queue]) -> list[Queue]:
    """The same with their messages: of those that wait for several recipients in a queue, one."""
    if not queues:
        return []
    with connection.cursor() as cursor:
        cursor.execute(MESSAGES_OF, {"keys": [queue.key for queue in queues]})
        messages = dict(cursor.fetchall())
    return [replace(queue, messages=messages.get(queue.key, queue.messages)) for queue in queues]


def hops(keys: Iterable[str]) -> dict[str, Queue]:
    """Queues by their keys, as they stand; nothing in them is counted, which costs the more the fuller they are."""
    return {queue.key: queue for queue in _read(HOPS, {"keys": list(set(keys))})}


def _queues(key: str | None = None) -> list[Queue]:
    return _read(NEXT_HOPS, {}) if key is None else _read(NEXT_HOP, {"key": key})


def _read(statement: str, asked: dict[str, Any]) -> list[Queue]:
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        names = [column.name for column in cursor.description]
        return [Queue(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]


def _submission() -> list[Queue]:
    """What waits in the journals, for a forwarder to choose next hops for it, as they said last."""
    turns = Turn.objects.filter(process="forwarder")
    sums = turns.aggregate(Sum("waiting_messages"), Sum("waiting_recipients"), Min("waiting_since"))
    messages, recipients, since = (sums[name] for name in sums)
    return [
        Queue(
            key=SUBMISSION, delivery_type=POISON.delivery_type, domain="Submission", messages=messages or 0,
            recipients=recipients or 0, oldest=since,
        )
    ]  # fmt: skip


def waited_for() -> list[tuple[str, str]]:
    """Key and domain of every next hop that mail waits for, by domain."""
    with connection.cursor() as cursor:
        cursor.execute(WAITED_FOR)
        return list(cursor.fetchall())


def waiting_recipients(next_hop: str = "") -> QuerySet[QueuedRecipient]:
    """Recipients that wait, of one next hop or of all, oldest first, with their messages (`recipient.message`)."""
    found = QueuedRecipient.objects.filter(status__in=WAITING).select_related("message").order_by("due_at", "id")
    return found.filter(next_hop=next_hop) if next_hop else found


def to_try(queues: Iterable[str]) -> list[int]:
    """Recipients that a retry of queues concerns, as far as they are looked at; also those that are tried already."""
    found = QueuedRecipient.objects.filter(next_hop__in=list(queues), status=Status.READY)
    return list(found.order_by("pk").values_list("pk", flat=True)[: outcome.MOST])


FOLLOWED = "queues.followed."
"""Where the cache holds what is followed, before the token."""


def followed(token: str) -> Followed | None:
    """None where nobody knows it any more."""
    try:
        found: Followed | None = cache.get(FOLLOWED + token)
    except redis.RedisError:
        return None
    return found


def outcome_of(followed: Followed) -> Said:
    """How that stands now which `actions.follow` keeps."""
    rows = list(QueuedRecipient.objects.filter(pk__in=followed.recipients).order_by("pk"))
    return outcome.said(followed, standings(rows), clock.now().timestamp())


def standings(recipients: Sequence[QueuedRecipient]) -> list[Standing]:
    """How some recipients stand, by themselves and by their next hops."""
    found = hops(each.next_hop for each in recipients)
    return [Standing(each, found.get(each.next_hop)) for each in recipients]


@dataclass(frozen=True, slots=True)
class Detail:
    """A message with all its recipients; `has_content` until nobody waits for it."""

    message: Message
    recipients: list[Standing]
    has_content: bool

    @property
    def expires(self) -> datetime:
        """When the last recipient is given up."""
        return max((each.expires_at for each in self.recipients), default=self.message.expires_at)


def message(identity: UUID | str) -> Detail | None:
    """All that is known of a message."""
    found = Message.objects.filter(pk=identity).first()
    if found is None:
        return None
    recipients = standings(list(found.recipients.select_related("message").order_by("id")))
    return Detail(found, recipients, Content.objects.filter(message_id=found.pk).exists())


def content(identity: UUID | str) -> Iterator[bytes]:
    """The message as it is delivered, in pieces of at most 1 MiB; nothing when it is gone."""
    for number in count():
        rows = Content.objects.filter(message_id=identity, number=number).values_list("chunk", "held")
        row = rows.first()
        if row is None:
            return
        yield from held_body.pieces(row, rows.first)


@contextmanager
def content_file(identity: UUID | str) -> Iterator[Path]:
    """The message as a file for as long as the block runs, as far as the console shows it."""
    with NamedTemporaryFile(suffix=".eml") as file:
        left = bounds.MESSAGE_SHOWN.octets or 0
        for piece in content(identity):
            file.write(piece)
            left -= len(piece)
            if left < 0:
                break
        file.flush()
        yield Path(file.name)


def reports_about(identity: UUID | str) -> list[Message]:
    """What senders were told about a message, oldest first."""
    return list(Message.objects.filter(about=identity).order_by("accepted_at"))


BALANCE = "queues.balance"
"""Where the cache holds it."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything ever accepted, and what became of it; in recipients."""

    accepted: int
    messages: int
    generated: int
    delivered: int
    queued: int
    failed: int
    removed: int
    in_journal: int = 0

    @property
    def difference(self) -> int:
        """0, or recipients that came and are nowhere (positive), or are somewhere and never came (negative)."""
        return self.accepted + self.generated - self.delivered - self.queued - self.failed - self.removed

    @property
    def balances(self) -> bool:
        return self.difference == 0


def ledger(journals: Sequence[Backlog] = ()) -> Ledger:
    """The books, from one statement. What waits in the journals is counted on both sides."""
    with connection.cursor() as cursor:
        cursor.execute(LEDGER)
        accepted, messages, generated, delivered, queued, failed, removed = (int(value) for value in cursor.fetchone())
    waiting = sum(each.recipients for each in journals)
    messages += sum(each.messages for each in journals)
    return Ledger(accepted + waiting, messages, generated, delivered, queued + waiting, failed, removed, waiting)


def unbalanced() -> int:
    """Recipients that were missing (positive) or too many when a worker last counted (`balance.count`); 0 where that is
    not known.
    """
    try:
        return int(cache.get(BALANCE, 0))
    except redis.RedisError:
        return 0
