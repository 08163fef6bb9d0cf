"""What senders are told: reports of failure and delay, put into the queue in the transaction that needs them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg

from transport.config.domains import default_domain
from transport.send import dsn, retry
from transport.send.dsn import Action, Original, Recipient, Report
from transport.send.route import Hop, Router

ORIGINALS = """
SELECT m.id, m.sender, m.subject, m.message_id, extract(epoch FROM m.accepted_at)::float8, m.helo, m.size, m.body_type,
    m.smtp_utf8, m.ret, m.envid, substring(c.chunk FOR 65536)
FROM queues_message m LEFT JOIN queues_content c ON c.message_id = m.id AND c.number = 0
WHERE m.id = ANY(%s) AND m.sender <> '' AND m.origin = 'received'
"""
LISTED = "SELECT EXISTS (SELECT FROM directory_recipient WHERE address = %s AND NOT deleted)"
INSERT_HOP = """
INSERT INTO queues_nexthop (key, delivery_type, domain, connector) VALUES (%s, %s, %s, %s) ON CONFLICT (key) DO NOTHING
"""
INSERT_MESSAGE = """
INSERT INTO queues_message (id, accepted_at, transport, connector, revision, session_id, client_address, helo, tls,
    principal, authenticated, sender, subject, message_id, size, body_type, smtp_utf8, origin, recipient_count,
    expires_at)
VALUES (%s, %s, '', '', %s, '', '', '', false, '', false, '', %s, %s, %s, %s, %s, 'generated', 1, %s)
"""
INSERT_CONTENT = "INSERT INTO queues_content (message_id, number, chunk) VALUES (%s, %s, %s)"
COPY_CONTENT = """
INSERT INTO queues_content (message_id, number, chunk)
SELECT %s, number + 1, chunk FROM queues_content WHERE message_id = %s
"""
INSERT_RECIPIENT = """
INSERT INTO queues_recipient (message_id, address, next_hop, due_at, notice_at) VALUES (%s, %s, %s, %s, %s)
"""

Concerned = Iterable[tuple[UUID, Recipient]]


def send(connection: psycopg.Connection, router: Router, action: Action, concerned: Concerned) -> int:
    """Report to the sender of each message, in one report for all its recipients; returns the number of reports.

    Nobody is told what NOTIFY does not ask for, nor about a report or mail from the null sender (RFC 5321 §6.1).
    Within a transaction, and before the content of the originals is deleted.
    """
    config = router.snapshot.transport_config
    if action is Action.DELAYED and not config.external_delay_dsn_enabled:
        return 0
    by_message: dict[UUID, list[Recipient]] = defaultdict(list)
    for message, recipient in concerned:
        if dsn.wanted(action, recipient.notify):
            by_message[message].append(recipient)
    if not by_message:
        return 0
    originals = connection.execute(ORIGINALS, [list(by_message)]).fetchall()
    for identity, *facts, chunk in originals:
        original = Original(*facts[:5], dsn.header_block(chunk or b""), *facts[5:])
        _report(connection, router, action, identity, original, by_message[identity])
    return len(originals)


def _report(
    connection: psycopg.Connection,
    router: Router,
    action: Action,
    identity: UUID,
    original: Original,
    recipients: list[Recipient],
) -> None:
    now = datetime.now(UTC)
    own = uuid4()
    server = router.snapshot.server
    config = router.snapshot.transport_config
    postmaster = config.external_postmaster_address or f"postmaster@{default_domain(router.snapshot)}"
    largest = config.external_dsn_max_message_attach_size
    report = dsn.report(action, original, recipients, server, postmaster, now.timestamp(), own.hex, largest)
    hop = _hop(connection, router, original.sender)
    size = len(report.head) + len(report.tail) + (original.size if report.whole else 0)
    connection.execute(INSERT_HOP, [hop.key, hop.delivery_type.value, hop.domain, hop.connector])
    _insert_message(connection, router, own, report, size, now)
    connection.execute(INSERT_CONTENT, [own, 0, report.head])
    copied = connection.execute(COPY_CONTENT, [own, identity]).rowcount if report.whole else 0
    connection.execute(INSERT_CONTENT, [own, copied + 1, report.tail])
    notice = datetime.fromtimestamp(retry.first_notice(router.snapshot.transport_limits, now.timestamp()), UTC)
    connection.execute(INSERT_RECIPIENT, [own, original.sender, hop.key, now, notice])
    connection.execute("SELECT pg_notify('gatepost_queue', %s)", [hop.key])


def _insert_message(
    connection: psycopg.Connection, router: Router, own: UUID, report: Report, size: int, now: datetime
) -> None:
    snapshot = router.snapshot
    expires = now + timedelta(seconds=snapshot.transport_limits.message_expiration_timeout)
    what = [report.subject, report.message_id, size, report.body_type, report.smtp_utf8]
    connection.execute(INSERT_MESSAGE, [own, now, snapshot.revision, *what, expires])


def _hop(connection: psycopg.Connection, router: Router, address: str) -> Hop:
    if not router.needs_directory(address):
        return router.hop(address)
    row = connection.execute(LISTED, [address.lower()]).fetchone()
    return router.hop(address, bool(row and row[0]))
