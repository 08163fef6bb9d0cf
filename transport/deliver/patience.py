"""No mail waits longer than the configuration says: a clock that was set back leaves times that lie far ahead."""

from transport.deliver import configuration
from transport.deliver.database import pool
from transport.send import retry

HOPS = "UPDATE queues_nexthop SET retry_at = now() WHERE retry_at > now() + %s * interval '1 second'"
RECIPIENTS = """
UPDATE queues_recipient SET due_at = now()
WHERE status = 'ready' AND claimed_by IS NULL AND due_at > now() + %s * interval '1 second'
"""


def shorten() -> int:
    """Try now what would be tried later than the longest wait allows; returns how many next hops and recipients."""
    with pool().connection() as connection:
        longest = retry.longest_wait(configuration.router(connection).snapshot.transport_limits)
        return sum(connection.execute(statement, [longest]).rowcount for statement in (HOPS, RECIPIENTS))
