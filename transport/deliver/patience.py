"""No mail waits longer than the configuration says: a clock that was set back leaves times that lie far ahead."""

from transport.deliver.database import pool
from transport.deliver.queries import QUERIES
from transport.deliver.routing import ROUTES
from transport.send import retry


def shorten() -> int:
    """Try now what would be tried later than the longest wait allows; returns how many next hops and recipients."""
    with pool().connection() as connection:
        longest = retry.longest_wait(ROUTES.router(connection).snapshot.transport_limits)
        shortened = (QUERIES["shorten_waits_of_hops"], QUERIES["shorten_waits_of_recipients"])
        return sum(connection.execute(statement, [longest]).rowcount for statement in shortened)
