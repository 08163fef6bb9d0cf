"""What time does to waiting mail: its sender hears of the delay, then it expires (Exchange reference, section 8.5)."""

from typing import Any

from transport.deliver import claims, configuration, reports
from transport.deliver.database import pool
from transport.send.dsn import Action, Recipient

BATCH = 500
"""Recipients; all of a message come with the first one, so that its sender gets one report."""
DUE = """
WITH chosen AS (
    SELECT id, expires_at FROM queues_message WHERE id IN (
        SELECT message_id FROM queues_recipient
        WHERE status = 'ready' AND notice_at <= now() AND claimed_by IS NULL ORDER BY notice_at LIMIT %s)
    FOR UPDATE SKIP LOCKED)
SELECT r.id, r.message_id, r.address, r.last_error, r.remote_host, m.expires_at <= now(), h.last_error,
    r.notify, r.orcpt, extract(epoch FROM m.expires_at)::float8
FROM chosen m JOIN queues_recipient r ON r.message_id = m.id LEFT JOIN queues_nexthop h ON h.key = r.next_hop
WHERE r.status = 'ready' AND r.notice_at <= now() AND r.claimed_by IS NULL
ORDER BY r.id FOR UPDATE OF r SKIP LOCKED
"""
EXPIRE = """
UPDATE queues_recipient SET status = 'failed', finished_at = now(),
    last_error = CASE WHEN last_error = '' THEN %s ELSE last_error END WHERE id = ANY(%s)
"""
DELAYED = """
UPDATE queues_recipient r SET notice_at = m.expires_at FROM queues_message m
WHERE m.id = r.message_id AND r.id = ANY(%s)
"""
EXPIRED = "550 4.4.7 QUEUE.Expired; message expired"
LATE = "400 4.4.7 Message delayed"


def send_due() -> int:
    """Tell the senders of one batch; returns the number of recipients concerned."""
    with pool().connection() as connection, connection.transaction():
        rows = connection.execute(DUE, [BATCH]).fetchall()
        if not rows:
            return 0
        router = configuration.router(connection)
        expired = [row for row in rows if row[5]]
        delayed = [row for row in rows if not row[5]]
        reports.send(connection, router, Action.DELAYED, [(row[1], _recipient(row, LATE)) for row in delayed])
        connection.execute(DELAYED, [[row[0] for row in delayed]])
        reports.send(connection, router, Action.FAILED, [(row[1], _recipient(row, EXPIRED)) for row in expired])
        connection.execute(EXPIRE, [EXPIRED, [row[0] for row in expired]])
        claims.drop_content(connection, {row[1] for row in expired})
        return len(rows)


def _recipient(row: tuple[Any, ...], error: str) -> Recipient:
    """The report names the last thing that was heard of the next hop."""
    _, _, address, last_error, remote_host, _, hop_error, notify, orcpt, expires_at = row
    heard = last_error or hop_error
    return Recipient(address, "4.4.7", f"{error}; {heard}" if heard else error, remote_host, notify, orcpt, expires_at)
