"""A batch of accepted messages into the queue's tables, with COPY, in the caller's transaction."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import repeat
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints
from uuid import UUID

import psycopg

from transport import held_body, next_hops
from transport.config.transport_limits import TransportLimits
from transport.flow import FLOW
from transport.send import retry
from transport.send.choice import Mail
from transport.send.route import Hop, Router
from transport.shell.forward.held_bodies import CONTENT_TYPES, hold
from transport.shell.journal.segment import BODIES, Record, content
from transport.shell.queries import QUERIES
from transport.smtp.envelope import OF_MESSAGE, Envelope

Connection = psycopg.Connection[tuple[Any, ...]]

_EVENT_TYPES = ["timestamptz", "text", "text", "uuid", "text", "text", "text[]"]
_RECIPIENT_TYPES = ["uuid", "text", "text", "timestamptz", "text", "text"]


class _Message(NamedTuple):
    """A record, and of it what every table names: made once."""

    identity: UUID
    accepted_at: datetime
    record: Record
    mail: Mail
    """What decides of its way out."""


def write(connection: Connection, records: list[Record], directory: Path, router: Router) -> int:
    """Put the records into the queue and wake delivery; returns the number of recipients.

    `directory` is the transport's journal directory. Raises OSError when a body's file cannot be read.
    """
    messages = [_message(each, router) for each in records]
    addressed: dict[Mail, set[str]] = defaultdict(set)
    for each in messages:
        addressed[each.mail].update(map(_text, each.record.envelope.recipients))
    hops = next_hops.of(connection, addressed, router)
    used = {hop for found in hops.values() for hop in found.values()}
    next_hops.add(connection, used)
    held = hold(connection, records, directory)
    with connection.cursor() as cursor:
        _copy(cursor, _COPY_MESSAGES, [*MESSAGE_TYPES.values()], _message_rows(messages, router))
        _copy(cursor, QUERIES["copy_content"], CONTENT_TYPES, _content_rows(messages, directory, held))
        rows = _recipient_rows(messages, hops, router)
        recipients = _copy(cursor, QUERIES["copy_recipients"], _RECIPIENT_TYPES, rows)
        _copy(cursor, QUERIES["copy_events"], _EVENT_TYPES, _event_rows(messages))
    next_hops.wake(connection, (hop.key for hop in used), held_body.mark(directory.parent.parent))
    return recipients


def _message(record: Record, router: Router) -> _Message:
    e = record.envelope
    mail = router.address_spaces.essence(Mail(e.sender, e.principal, e.size, e.connector))
    return _Message(UUID(bytes=e.id), _time(e.accepted_at), record, mail)


def _copy(cursor: psycopg.Cursor[Any], query: bytes, types: list[str], rows: Iterable[tuple[Any, ...]]) -> int:
    count = 0
    with cursor.copy(query) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def _message_rows(messages: list[_Message], router: Router) -> Iterable[tuple[Any, ...]]:
    limits = router.snapshot.transport_limits
    for identity, accepted_at, record, _ in messages:
        e = record.envelope
        texts: Iterable[str] = _texts(e)
        if not _is_plain("".join(texts)):
            texts = map(_text, texts)
        other = "received", len(e.recipients), _time(retry.expiry(limits, e.accepted_at))
        yield identity, accepted_at, *texts, *_numbers(e), *other


def _content_rows(messages: list[_Message], directory: Path, held: set[str]) -> Iterable[tuple[Any, ...]]:
    for identity, _, record, _ in messages:
        file = record.envelope.body_file
        number = 0
        for piece in content(record, directory, with_file=file not in held):
            yield identity, number, piece, None
            number += 1
        if file in held:
            yield identity, number, b"", f"{directory.name}/{file}"


def _recipient_rows(
    messages: list[_Message], hops: dict[Mail, dict[str, Hop]], router: Router
) -> Iterable[tuple[Any, ...]]:
    limits = router.snapshot.transport_limits
    came = []
    for identity, _, record, mail in messages:
        e, found = record.envelope, hops[mail]
        notice = _time(retry.first_notice(limits, e.accepted_at))
        wishes = zip(e.notify, e.orcpt, strict=True) if e.notify else repeat(("", ""))
        for address, (notify, orcpt) in zip(map(_text, e.recipients), wishes, strict=False):
            hop = found[address]
            came.append(hop.key)
            yield identity, address, hop.key, _own_notice(limits, e, hop) or notice, notify, orcpt
    FLOW.came(came)


def _own_notice(limits: TransportLimits, envelope: Envelope, hop: Hop) -> datetime | None:
    if not hop.is_patient:
        return None
    return _time(retry.first_notice(limits, envelope.accepted_at, hop.delayed_after, hop.expires_after))


def _event_rows(messages: list[_Message]) -> Iterable[tuple[Any, ...]]:
    for identity, accepted_at, record, _ in messages:
        e = record.envelope
        recipients = [_text(address) for address in e.recipients]
        yield accepted_at, "RECEIVE", "SMTP", identity, _text(e.connector), e.session_id, recipients


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _text(text: str) -> str:
    """PostgreSQL's text holds everything but NUL and lone surrogates."""
    return text if _is_plain(text) else text.encode("utf-8", "replace").decode().replace("\0", "?")


def _is_plain(text: str) -> bool:
    return text.isascii() and "\0" not in text


_HINTS = get_type_hints(Envelope)
_KINDS = {name: _HINTS[name] for name in OF_MESSAGE}
_COLUMNS = {str: "text", int: "int8", bool: "bool"}
"""The type of the column for a kind of fact. Facts are written kind by kind, behind identity and time."""
_NARROW = {"revision": "int4"}


def _of(*kinds: type) -> Callable[[Envelope], tuple[Any, ...]]:
    """The facts of these kinds of an envelope; there are several of each."""
    return attrgetter(*(name for kind in kinds for name in _KINDS if _KINDS[name] is kind))


_texts, _numbers = _of(str), _of(int, bool)
MESSAGE_TYPES = {"id": "uuid", "accepted_at": "timestamptz"} | {
    name: _NARROW.get(name, column) for kind, column in _COLUMNS.items() for name in _KINDS if _KINDS[name] is kind
} | {
    "origin": "text", "recipient_count": "int4", "expires_at": "timestamptz",
}  # fmt: skip
_COPY_MESSAGES = QUERIES["copy_messages"].replace(b"@columns", ", ".join(MESSAGE_TYPES).encode())


def has_content(envelope: Envelope, directory: Path) -> bool:
    """Whether the body that a record names is there."""
    return not envelope.body_file or (directory / BODIES / envelope.body_file).is_file()
