"""Looking after queues: mail that makes delivery stumble is set aside, and what was suspended for a while goes on."""

import logging

from transport import next_hops
from transport.deliver import tracking
from transport.deliver.database import Connection, pool
from transport.deliver.queries import QUERIES
from transport.send.route import POISON
from transport.trace.events import Event, Source

log = logging.getLogger(__name__)

TIMES = 3
"""Attempts in a row without a verdict, after which a message is set aside. Once may be a kill, twice bad luck: from
then on it is tried alone.
"""


def set_aside(connection: Connection, why: str = "") -> int:
    """Move what was cut short too often to the poison queue, where it waits for an administrator; returns the number of
    recipients. `why` replaces their last error. Within a transaction, and raises psycopg.Error.
    """
    next_hops.add(connection, [POISON])
    what = {"poison": POISON.key, "why": why, "times": TIMES}
    event = tracking.telling(Event.POISONMESSAGE, Source.POISONMESSAGE)
    rows = connection.execute(QUERIES["set_aside"], what | event).fetchall()
    for _, message, address in rows:
        log.error("message %s to %s is set aside: see the Poison queue", message, address)
    return len(rows)


def resume_ended() -> int:
    """End the suspensions whose time is over; returns how many queues and recipients go on."""
    with pool().connection() as connection, connection.transaction():
        queues = [key for (key,) in connection.execute(QUERIES["resume_hops"]).fetchall()]
        recipients = [key for (key,) in connection.execute(QUERIES["resume_recipients"]).fetchall()]
        next_hops.wake(connection, {*queues, *recipients})
        return len(queues) + len(recipients)


def forget_flow() -> None:
    """Delete the rates that nobody asks for any more."""
    with pool().connection() as connection:
        connection.execute(QUERIES["forget_flow"])
