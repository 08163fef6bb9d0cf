"""What delivery takes from the queue, and what it writes back. Few statements for many recipients.

A claim is the worker's number on the recipient; it costs no lock while a slow peer is spoken to. What a dead worker had
claimed is released by `worker.bury_the_dead`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from transport.deliver.database import Connection, Pool
from transport.deliver.parcel import Parcel
from transport.deliver.way import NOBODY, Peer
from transport.send import dsn
from transport.send.dsn import Action
from transport.send.remote_reply import Verdict

PREFETCHED = 65536

CLAIM = """
WITH picked AS (
    SELECT id FROM queues_recipient
    WHERE next_hop = %(hop)s AND status = 'ready' AND due_at <= now() AND claimed_by IS NULL
      AND NOT EXISTS (SELECT FROM queues_nexthop WHERE key = %(hop)s AND (suspended OR retry_at > now()))
    ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE queues_recipient r SET claimed_by = %(worker)s FROM picked WHERE r.id = picked.id
    RETURNING r.id, r.message_id, r.address, r.attempts, r.notify, r.orcpt
)
SELECT c.id, c.address, c.attempts > 0, c.notify, c.orcpt, m.id, m.sender, m.body_type, m.size,
    extract(epoch FROM m.accepted_at)::float8, m.recipient_count = 1, m.smtp_utf8, m.ret, m.envid
FROM claimed c JOIN queues_message m ON m.id = c.message_id ORDER BY c.id
"""
CONTENT = "SELECT message_id, chunk FROM queues_content WHERE message_id = ANY(%s) ORDER BY number"
PIECE = "SELECT chunk FROM queues_content WHERE message_id = %s AND number = %s"

DELIVERED = """
WITH done AS (
    UPDATE queues_recipient SET status = 'delivered', claimed_by = NULL, attempts = attempts + 1, last_error = '',
        remote_host = %(host)s, protection = %(protection)s, finished_at = now()
    WHERE id = ANY(%(ids)s) AND status = 'ready'
)
DELETE FROM queues_content WHERE message_id = ANY(%(alone)s)
"""
# Held until the transaction ends: the sender is told what `DELIVERED` then writes down.
STILL_READY = "SELECT id FROM queues_recipient WHERE id = ANY(%s) AND status = 'ready' ORDER BY id FOR UPDATE"
POSTPONED = """
UPDATE queues_recipient r SET claimed_by = NULL, attempts = attempts + 1, last_error = v.error, remote_host = %(host)s,
    protection = %(protection)s, due_at = now() + v.wait * interval '1 second'
FROM unnest(%(ids)s::bigint[], %(errors)s::text[], %(waits)s::float8[]) AS v (id, error, wait)
WHERE r.id = v.id AND r.status = 'ready'
"""
FAILED = """
UPDATE queues_recipient r SET status = 'failed', claimed_by = NULL, attempts = attempts + 1, last_error = v.error,
    remote_host = %(host)s, protection = %(protection)s, finished_at = now()
FROM unnest(%(ids)s::bigint[], %(errors)s::text[]) AS v (id, error)
WHERE r.id = v.id AND r.status = 'ready' RETURNING r.id
"""
RELEASE = "UPDATE queues_recipient SET claimed_by = NULL WHERE id = ANY(%s) AND claimed_by = %s AND status = 'ready'"
# The lock makes two transactions that finish the last two recipients of a message come one after the other.
LOCK_MESSAGES = "SELECT FROM queues_message WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
DROP_CONTENT = """
DELETE FROM queues_content c WHERE c.message_id = ANY(%s) AND NOT EXISTS (
    SELECT FROM queues_recipient r WHERE r.message_id = c.message_id AND r.status IN ('ready', 'suspended'))
"""

HOP = """
SELECT key, delivery_type, domain, connector, suspended, retry_count, retry_at > now()
FROM queues_nexthop WHERE key = %s
"""
# Several connections may fail together: that is one failure.
HOP_FAILED = """
UPDATE queues_nexthop SET retry_count = retry_count + 1, last_error = %(error)s, last_retry_at = now(),
    retry_at = now() + %(wait)s * interval '1 second'
WHERE key = %(hop)s AND (retry_at IS NULL OR retry_at <= now())
"""
HOP_REACHED = """
UPDATE queues_nexthop SET retry_count = 0, retry_at = NULL, last_error = ''
WHERE key = %s AND (retry_count > 0 OR last_error <> '')
"""


@dataclass(frozen=True, slots=True)
class HopState:
    key: str
    delivery_type: str
    domain: str
    connector: str
    suspended: bool
    retry_count: int
    waiting: bool | None

    @property
    def closed(self) -> bool:
        """Nothing is tried now."""
        return self.suspended or bool(self.waiting)


def hop_state(connection: Connection, key: str) -> HopState | None:
    row = connection.execute(HOP, [key]).fetchone()
    return HopState(*row) if row else None


def claim(connection: Connection, hop: str, worker: int, limit: int) -> list[Parcel]:
    """Up to `limit` due recipients of a next hop, grouped by message, oldest first."""
    rows = connection.execute(CLAIM, {"hop": hop, "worker": worker, "limit": limit}, prepare=True).fetchall()
    parcels: dict[UUID, Parcel] = {}
    for recipient, address, attempted, notify, orcpt, message_id, *rest in rows:
        parcel = parcels.get(message_id)
        if parcel is None:
            parcel = parcels[message_id] = Parcel(message_id, *rest)
        parcel.recipients[recipient] = address
        if notify:
            parcel.notify[recipient] = notify
        if orcpt:
            parcel.orcpt[recipient] = orcpt
        parcel.attempted = parcel.attempted or attempted
    small = [parcel.message_id for parcel in parcels.values() if parcel.size <= PREFETCHED]
    if small:
        for message_id, chunk in connection.execute(CONTENT, [small], prepare=True, binary=True):
            parcels[message_id].content = (parcels[message_id].content or b"") + chunk
    return list(parcels.values())


def pieces(pool: Pool, parcel: Parcel) -> Iterator[bytes]:
    """The message in pieces of at most 1 MiB. Raises LookupError when some is missing: never send it cut."""
    if parcel.content is not None:
        yield parcel.content
        return
    number = length = 0
    while length < parcel.size:
        with pool.connection() as connection:
            row = connection.execute(PIECE, [parcel.message_id, number], binary=True).fetchone()
        if row is None:
            raise LookupError(f"message {parcel.message_id}: content ends after {length} of {parcel.size} bytes")
        yield row[0]
        number, length = number + 1, length + len(row[0])


@dataclass(slots=True)
class Results:
    """What one peer made of recipients, since the last time it was written down. `told` are those of the delivered
    whose sender is told so.
    """

    peer: Peer = NOBODY
    delivered: list[int] = field(default_factory=list)
    told: list[tuple[Action, Parcel, int, Verdict]] = field(default_factory=list)
    alone: list[UUID] = field(default_factory=list)
    shared: set[UUID] = field(default_factory=set)
    postponed: list[tuple[int, str, float]] = field(default_factory=list)
    failed: list[tuple[Parcel, int, Verdict]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.delivered) + len(self.postponed) + len(self.failed)

    def add_delivered(self, parcel: Parcel, recipients: Iterable[int]) -> None:
        self.delivered.extend(recipients)
        if parcel.alone:
            self.alone.append(parcel.message_id)
        else:
            self.shared.add(parcel.message_id)

    def add_told(self, action: Action, parcel: Parcel, recipient: int, verdict: Verdict) -> None:
        if dsn.wanted(action, parcel.notify.get(recipient, "")):
            self.told.append((action, parcel, recipient, verdict))

    def add_failed(self, parcel: Parcel, recipient: int, verdict: Verdict) -> None:
        self.failed.append((parcel, recipient, verdict))
        self.shared.add(parcel.message_id)


def write_delivered(connection: Connection, results: Results) -> None:
    """The usual case, in one statement."""
    parameters = {"ids": results.delivered, "alone": results.alone, **_columns(results.peer)}
    connection.execute(DELIVERED, parameters, prepare=True)


def _columns(peer: Peer) -> dict[str, str]:
    return {"host": peer.host, "protection": peer.protection}


def still_ready(connection: Connection, results: Results) -> set[int]:
    """Those of `told` that nobody finished meanwhile."""
    rows = connection.execute(STILL_READY, [[recipient for _, _, recipient, _ in results.told]])
    return {row[0] for row in rows}


def write_postponed(connection: Connection, results: Results) -> None:
    ids, errors, waits = (list(column) for column in zip(*results.postponed, strict=True))
    connection.execute(POSTPONED, {"ids": ids, "errors": errors, "waits": waits, **_columns(results.peer)})


def write_failed(connection: Connection, results: Results) -> set[int]:
    """The rows that failed now (not those that an administrator removed meanwhile)."""
    ids = [recipient for _, recipient, _ in results.failed]
    errors = [verdict.text for _, _, verdict in results.failed]
    parameters = {"ids": ids, "errors": errors, **_columns(results.peer)}
    return {row[0] for row in connection.execute(FAILED, parameters)}


def drop_content(connection: Connection, messages: Iterable[UUID]) -> None:
    """Delete the content of messages that nobody waits for any more. Within a transaction."""
    identities = list(messages)
    connection.execute(LOCK_MESSAGES, [identities])
    connection.execute(DROP_CONTENT, [identities])


def release(connection: Connection, recipients: Iterable[int], worker: int) -> None:
    """Give back what was claimed and not tried."""
    connection.execute(RELEASE, [list(recipients), worker])


def hop_failed(connection: Connection, hop: str, error: str, wait: float) -> None:
    connection.execute(HOP_FAILED, {"hop": hop, "error": error, "wait": wait})


def hop_reached(connection: Connection, hop: str) -> None:
    connection.execute(HOP_REACHED, [hop])
