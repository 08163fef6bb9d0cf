"""Forgetting what is long finished. The ledger keeps the sums."""

from transport.deliver.database import pool

KEEP_DAYS = 30
BATCH = 5000

FINISHED = """
SELECT m.id FROM queues_message m WHERE m.accepted_at < now() - %s * interval '1 day' AND NOT EXISTS (
    SELECT FROM queues_recipient r WHERE r.message_id = m.id AND r.status IN ('ready', 'suspended'))
LIMIT %s
"""
RETIRE = """
WITH gone AS (
    DELETE FROM queues_recipient r USING queues_message m WHERE m.id = r.message_id AND m.id = ANY(%(ids)s)
    RETURNING r.status, m.origin
), sums AS (
    SELECT status AS outcome, count(*) AS n FROM gone GROUP BY status
    UNION ALL SELECT 'generated', count(*) FROM gone WHERE origin = 'generated' HAVING count(*) > 0
)
INSERT INTO queues_retired (outcome, recipients) SELECT outcome, n FROM sums
ON CONFLICT (outcome) DO UPDATE SET recipients = queues_retired.recipients + excluded.recipients
"""
# The lock waits for every transaction that may be adding mail for a next hop, and holds up new ones for a moment.
IDLE_HOPS = """
DELETE FROM queues_nexthop h WHERE NOT suspended AND key NOT IN ('mailbox', 'unreachable') AND NOT EXISTS (
    SELECT FROM queues_recipient r WHERE r.next_hop = h.key AND r.status = 'ready')
AND NOT EXISTS (SELECT FROM queues_recipient r WHERE r.next_hop = h.key AND r.status = 'suspended')
"""


def forget_finished(days: float = KEEP_DAYS) -> int:
    """Delete one batch of messages that were accepted so long ago and wait for nothing; returns how many."""
    with pool().connection() as connection, connection.transaction():
        ids = [row[0] for row in connection.execute(FINISHED, [days, BATCH])]
        connection.execute(RETIRE, {"ids": ids})
        connection.execute("DELETE FROM queues_content WHERE message_id = ANY(%s)", [ids])
        connection.execute("DELETE FROM queues_message WHERE id = ANY(%s)", [ids])
        return len(ids)


def forget_idle_hops() -> int:
    """Delete next hops that nothing waits for."""
    with pool().connection() as connection, connection.transaction():
        connection.execute("LOCK TABLE queues_nexthop IN EXCLUSIVE MODE")
        return connection.execute(IDLE_HOPS).rowcount
