"""Routing anew: when the configuration changed, waiting recipients go where it now says."""

from transport.deliver import configuration
from transport.deliver.database import pool
from transport.send.route import NO_CONNECTOR, UNREACHABLE, Hop

WAITING = """
SELECT DISTINCT next_hop, lower(split_part(address, '@', -1)) FROM queues_recipient
WHERE status IN ('ready', 'suspended') AND next_hop <> 'mailbox'
"""
MOVE = """
UPDATE queues_recipient SET next_hop = %(new)s, due_at = now()
WHERE next_hop = %(old)s AND status IN ('ready', 'suspended') AND lower(split_part(address, '@', -1)) = %(domain)s
    AND claimed_by IS NULL
"""
UPSERT = """
INSERT INTO queues_nexthop (key, delivery_type, domain, connector, last_error) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (key) DO UPDATE SET domain = excluded.domain, last_error = CASE WHEN excluded.last_error <> ''
    THEN excluded.last_error ELSE queues_nexthop.last_error END
"""


def reroute() -> int:
    """Move every waiting recipient whose next hop changed; returns how many. Who is being delivered now stays."""
    with pool().connection() as connection:
        router = configuration.router(connection)
        moved = 0
        for old, domain in connection.execute(WAITING).fetchall():
            new = router.hop(f"@{domain}", listed=False)
            if new.key != old:
                with connection.transaction():
                    connection.execute(UPSERT, _columns(new))
                    moved += connection.execute(MOVE, {"old": old, "new": new.key, "domain": domain}).rowcount
                    connection.execute("SELECT pg_notify('gatepost_queue', %s)", [new.key])
            elif new == UNREACHABLE:
                connection.execute(UPSERT, _columns(new))
        return moved


def _columns(hop: Hop) -> list[str]:
    error = NO_CONNECTOR if hop == UNREACHABLE else ""
    return [hop.key, hop.delivery_type.value, hop.domain, hop.connector, error]
