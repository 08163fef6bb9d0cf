"""A batch of accepted messages into the queue's tables, with COPY, in the caller's transaction."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from transport import next_hops
from transport.send import retry
from transport.send.route import Hop, Router
from transport.shell.journal.segment import BODIES, Envelope, Record, content
from transport.shell.queries import QUERIES

Connection = psycopg.Connection[tuple[Any, ...]]

_MESSAGE_TYPES = [
    "uuid", "timestamptz", "text", "text", "int4", "text", "text", "text", "bool", "text", "bool", "text", "text",
    "text", "int8", "text", "text", "int4", "timestamptz", "bool", "text", "text",
]  # fmt: skip
_CONTENT_TYPES = ["uuid", "int4", "bytea"]
_RECIPIENT_TYPES = ["uuid", "text", "text", "timestamptz", "timestamptz", "text", "text"]


def write(connection: Connection, records: list[Record], directory: Path, router: Router) -> int:
    """Put the records into the queue and wake delivery; returns the number of recipients.

    `directory` is the transport's journal directory. Raises OSError when a body's file cannot be read.
    """
    hops = _hops(connection, records, router)
    next_hops.add(connection, hops.values())
    with connection.cursor() as cursor:
        _copy(cursor, "copy_messages", _MESSAGE_TYPES, _message_rows(records, router))
        _copy(cursor, "copy_content", _CONTENT_TYPES, _content_rows(records, directory))
        recipients = _copy(cursor, "copy_recipients", _RECIPIENT_TYPES, _recipient_rows(records, hops, router))
    next_hops.wake(connection, (hop.key for hop in hops.values()))
    return recipients


def _copy(cursor: psycopg.Cursor[Any], query: str, types: list[str], rows: Iterable[tuple[Any, ...]]) -> int:
    count = 0
    with cursor.copy(QUERIES[query]) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def _hops(connection: Connection, records: list[Record], router: Router) -> dict[str, Hop]:
    """The next hop of every address of the batch."""
    addresses = {_text(address) for record in records for address in record.envelope.recipients}
    doubtful = [address for address in addresses if router.needs_directory(address)]
    here = _listed(connection, doubtful) if doubtful else set()
    unlisted = {address for address in doubtful if address.lower() not in here}
    return {address: router.hop(address, address not in unlisted) for address in addresses}


def _listed(connection: Connection, addresses: list[str]) -> set[str]:
    lower = [address.lower() for address in addresses]
    return {row[0] for row in connection.execute(QUERIES["listed_recipients"], {"addresses": lower})}


def _message_rows(records: list[Record], router: Router) -> Iterable[tuple[Any, ...]]:
    limits = router.snapshot.transport_limits
    for e in (record.envelope for record in records):
        accepted = _time(e.accepted_at)
        yield (
            UUID(bytes=e.id), accepted, e.transport, e.connector, e.revision, _text(e.session_id), e.client_address,
            _text(e.helo), e.tls, _text(e.principal), e.authenticated, _text(e.sender), _text(e.subject),
            _text(e.message_id), e.size, e.body_type, "received", len(e.recipients),
            _time(retry.expiry(limits, e.accepted_at)), e.smtp_utf8, e.ret, e.envid,
        )  # fmt: skip


def _content_rows(records: list[Record], directory: Path) -> Iterable[tuple[Any, ...]]:
    for record in records:
        identity = UUID(bytes=record.envelope.id)
        for number, piece in enumerate(content(record, directory)):
            yield identity, number, piece


def _recipient_rows(records: list[Record], hops: dict[str, Hop], router: Router) -> Iterable[tuple[Any, ...]]:
    limits = router.snapshot.transport_limits
    for e in (record.envelope for record in records):
        identity, due = UUID(bytes=e.id), _time(e.accepted_at)
        notice = _time(retry.first_notice(limits, e.accepted_at))
        wishes = zip(e.notify, e.orcpt, strict=True) if e.notify else repeat(("", ""))
        for address, (notify, orcpt) in zip(map(_text, e.recipients), wishes, strict=False):
            yield identity, address, hops[address].key, due, notice, notify, orcpt


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _text(text: str) -> str:
    """PostgreSQL's text holds everything but NUL and lone surrogates."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


def has_content(envelope: Envelope, directory: Path) -> bool:
    """Whether the body that a record names is there."""
    return not envelope.body_file or (directory / BODIES / envelope.body_file).is_file()
