"""What delivery takes from the queue, and what it writes back. Few statements for many recipients.

A claim is the worker's number on the recipient; it costs no lock while a slow peer is spoken to. What a dead worker had
claimed is released by `worker.bury_the_dead`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import psycopg

from transport import held_body
from transport.deliver import keeping, tracking
from transport.deliver.database import Connection, Pool
from transport.deliver.owed import OWED
from transport.deliver.queries import QUERIES, with_facts
from transport.deliver.way import Peer
from transport.send import dsn
from transport.send.dsn import Action
from transport.send.parcel import Parcel, Verdicts
from transport.send.remote_reply import Verdict
from transport.send.route import DeliveryType
from transport.trace.events import Event

PREFETCHED = 65536
FACTS, CLAIM = with_facts("claim", Parcel.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class HopState:
    key: str
    delivery_type: DeliveryType
    domain: str
    connector: str
    suspended: bool
    retry_count: int
    waiting: bool | None
    in_trouble: bool = False
    asked: bool = False

    @property
    def closed(self) -> bool:
        """Nothing is tried now."""
        return self.suspended or bool(self.waiting)


def hop_state(connection: Connection, key: str) -> HopState | None:
    row = connection.execute(QUERIES["hop_state"], [key]).fetchone()
    return HopState(row[0], DeliveryType(row[1]), *row[2:]) if row else None


def claim(connection: Connection, hop: HopState, worker: int, limit: int) -> list[Parcel]:
    """Up to `limit` due recipients of a next hop, grouped by message, oldest first."""
    what = {"hop": hop.key, "connector": hop.connector, "worker": worker, "limit": limit, "asked": hop.asked}
    rows = connection.execute(CLAIM, what, prepare=True).fetchall()
    parcels: dict[UUID, Parcel] = {}
    for recipient, address, attempted, notify, orcpt, identity, alone, *facts in rows:
        parcel = parcels.get(identity)
        if parcel is None:
            parcel = parcels[identity] = Parcel(alone=alone, **dict(zip(FACTS, facts, strict=True)))
        parcel.recipients[recipient] = address
        if notify:
            parcel.notify[recipient] = notify
        if orcpt:
            parcel.orcpt[recipient] = orcpt
        parcel.attempted = parcel.attempted or attempted
    try:
        _prefetch(connection, parcels)
    except psycopg.Error:
        OWED.add("release", [[row[0] for row in rows], worker])
        raise
    return list(parcels.values())


def _prefetch(connection: Connection, parcels: dict[UUID, Parcel]) -> None:
    """The content of those that are small."""
    small = [parcel.id for parcel in parcels.values() if parcel.size <= PREFETCHED]
    if small:
        for identity, chunk in connection.execute(QUERIES["content_of"], [small], prepare=True, binary=True):
            parcels[identity].content = (parcels[identity].content or b"") + chunk


def pieces(pool: Pool, parcel: Parcel) -> Iterator[bytes]:
    """The message in pieces of at most 1 MiB. Raises LookupError when some is missing: never send it cut. OSError."""
    if parcel.content is not None:
        yield parcel.content
        return
    number = length = 0
    while length < parcel.size:
        look = partial(_piece, pool, parcel, number)
        row = look()
        if row is None:
            raise LookupError(f"message {parcel.id}: content ends after {length} of {parcel.size} bytes")
        for piece in held_body.pieces(row, look):
            yield piece
            length += len(piece)
        number += 1


def _piece(pool: Pool, parcel: Parcel, number: int) -> held_body.Row | None:
    with pool.connection() as connection:
        return connection.execute(QUERIES["piece"], [parcel.id, number], binary=True).fetchone()


@dataclass(slots=True)
class Results:
    """What became of recipients, each with the peer that said so, since the last time it was written down; `kind` and
    `connector` are of the next hop. `told` are those of the delivered whose sender is told so.
    """

    kind: DeliveryType = DeliveryType.MAILBOX
    connector: str = ""
    delivered: list[tuple[int, str, Peer]] = field(default_factory=list)
    """With what was said."""
    told: list[tuple[Action, Parcel, int, Verdict, Peer]] = field(default_factory=list)
    alone: list[UUID] = field(default_factory=list)
    shared: set[UUID] = field(default_factory=set)
    postponed: list[tuple[int, str, Peer, float, bool]] = field(default_factory=list)
    failed: list[tuple[Parcel, int, Verdict, Peer]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.delivered) + len(self.postponed) + len(self.failed)

    def add_delivered(self, parcel: Parcel, verdicts: Verdicts, peer: Peer) -> None:
        self.delivered.extend((recipient, verdict.text, peer) for recipient, verdict in verdicts.items())
        if parcel.alone:
            self.alone.append(parcel.id)
        else:
            self.shared.add(parcel.id)

    def add_told(self, action: Action, parcel: Parcel, recipient: int, verdict: Verdict, peer: Peer) -> None:
        if dsn.wanted(action, parcel.notify.get(recipient, "")):
            self.told.append((action, parcel, recipient, verdict, peer))

    def add_failed(self, parcel: Parcel, recipient: int, verdict: Verdict, peer: Peer) -> None:
        self.failed.append((parcel, recipient, verdict, peer))
        self.shared.add(parcel.id)


def write_delivered(connection: Connection, results: Results) -> None:
    """The usual case, in one statement."""
    event = Event.SEND if results.kind.is_remote else Event.DELIVER
    parameters = _tried(results, event, results.delivered) | {"alone": results.alone}
    connection.execute(QUERIES["delivered"], parameters, prepare=True)


def _tried(results: Results, event: Event, tried: Sequence[tuple[int, str, Peer]]) -> dict[str, object]:
    numbers: dict[tuple[str, Peer], int] = {}
    said = [numbers.setdefault((words, peer), len(numbers) + 1) for _, words, peer in tried]
    told = tracking.of_attempts(event, results.kind, results.connector, [peer for _, peer in numbers])
    return {"ids": [one[0] for one in tried], "said": said, "words": [words for words, _ in numbers], **told}


def still_ready(connection: Connection, results: Results) -> set[int]:
    """Those of `told` that nobody finished meanwhile."""
    rows = connection.execute(QUERIES["still_ready"], [[one[2] for one in results.told]])
    return {row[0] for row in rows}


def write_postponed(connection: Connection, results: Results) -> None:
    parameters = _tried(results, Event.DEFER, [one[:3] for one in results.postponed])
    unexpected = [one[4] for one in results.postponed]
    parameters |= {"waits": [one[3] for one in results.postponed], "unexpected": unexpected}
    connection.execute(QUERIES["postponed"], parameters)
    if any(unexpected):
        keeping.set_aside(connection)


def write_failed(connection: Connection, results: Results) -> set[int]:
    """The rows that failed now (not those that an administrator removed meanwhile)."""
    tried = [(recipient, verdict.text, peer) for _, recipient, verdict, peer in results.failed]
    return {row[0] for row in connection.execute(QUERIES["failed"], _tried(results, Event.FAIL, tried))}


def lock_messages(connection: Connection, messages: Iterable[UUID]) -> None:
    """Others who finish recipients of these messages wait until the transaction ends."""
    connection.execute(QUERIES["lock_messages"], [list(messages)])


def drop_content(connection: Connection, messages: Iterable[UUID]) -> None:
    """Delete the content of messages that nobody waits for any more. Within a transaction."""
    identities = list(messages)
    lock_messages(connection, identities)
    connection.execute(QUERIES["drop_content"], [identities])


def release(pool: Pool, recipients: Iterable[int], worker: int) -> None:
    """Give back what was claimed and not tried; when PostgreSQL is away, once it is back. Raises psycopg.Error."""
    OWED.give_back(pool, "release", [list(recipients), worker])


def hop_failed(connection: Connection, hop: str, error: str, wait: float) -> None:
    connection.execute(QUERIES["hop_failed"], {"hop": hop, "error": error, "wait": wait})


def hop_reached(connection: Connection, hop: str) -> None:
    connection.execute(QUERIES["hop_reached"], [hop])
