"""What time does to waiting mail: its sender hears of the delay, then it expires (Exchange reference, section 8.5). Of
mail that is kept until it is asked for, nobody hears before it expires.
"""

from math import inf
from time import monotonic
from typing import Any

from transport.deliver import claims, reports, tracking
from transport.deliver.database import pool
from transport.deliver.queries import QUERIES
from transport.deliver.routing import ROUTES
from transport.send import retry
from transport.send.dsn import Action, ReportedRecipient
from transport.send.route import DeliveryType
from transport.trace.events import Event, Source

BATCH = 500
"""Recipients; all of a message come with the first one, so that its sender gets one report."""
EXPIRED = "550 4.4.7 QUEUE.Expired; message expired"
LATE = "400 4.4.7 Message delayed"
SET_BACK, LOOK_ANYHOW = 5.0, 900.0
"""Seconds by which a clock that is set back is news, and after which nobody relies on having heard of it."""


def send_due() -> int:
    """Tell the senders of one batch; returns the number of recipients concerned."""
    with pool().connection() as connection, connection.transaction():
        rows = connection.execute(QUERIES["due_notices"], [BATCH]).fetchall()
        if not rows:
            return 0
        router = ROUTES.router(connection)
        expired = [row for row in rows if row[5]]
        delayed = [row for row in rows if not row[5]]
        told = [row for row in delayed if row[10] != DeliveryType.PICK_UP]
        reports.send(connection, router, Action.DELAYED, [(row[1], _recipient(row, LATE)) for row in told])
        connection.execute(QUERIES["delayed"], [[row[0] for row in delayed]])
        what = {"error": EXPIRED, "ids": [row[0] for row in expired]}
        connection.execute(QUERIES["expire"], what | tracking.telling(Event.FAIL, Source.QUEUE))
        reports.send(connection, router, Action.FAILED, [(row[1], _recipient(row, EXPIRED)) for row in expired])
        claims.drop_content(connection, {row[1] for row in expired})
        return len(rows)


def send_put_off() -> int:
    """Tell the senders of one batch what waited until all recipients were tried; returns the number of messages."""
    with pool().connection() as connection, connection.transaction():
        messages = reports.send_put_off(connection, ROUTES.router(connection), BATCH)
        claims.drop_content(connection, set(messages))
        return len(messages)


class LongestWait:
    """Whether something may wait longer than the longest wait allows: that takes a look at all that waits. Thread-safe
    enough: a look too many does no harm.
    """

    def __init__(self) -> None:
        self._wait, self._ahead, self._looked = 0, -inf, -inf

    def is_news(self, wait: int, clock: float, now: float) -> bool:
        """`wait`: the longest one, in seconds; `clock`: that of PostgreSQL; `now`: one that is never set."""
        ahead = clock - now
        news = wait < self._wait or ahead < self._ahead - SET_BACK or now - self._looked > LOOK_ANYHOW
        self._ahead = ahead if news else max(self._ahead, ahead)
        self._looked = now if news else self._looked
        self._wait = wait
        return news

    def forget(self) -> None:
        self._looked = -inf


LONGEST_WAIT = LongestWait()


def shorten_waits() -> int:
    """Try now what would be tried later than the longest wait allows, as after a clock was set back; returns how many
    next hops and recipients.
    """
    with pool().connection() as connection:
        longest = retry.longest_wait(ROUTES.router(connection).snapshot.transport_limits)
        ((clock,),) = connection.execute(QUERIES["clock"]).fetchall()
        if not LONGEST_WAIT.is_news(longest, clock, monotonic()):
            return 0
        shortened = (QUERIES["shorten_waits_of_hops"], QUERIES["shorten_waits_of_recipients"])
        return sum(connection.execute(statement, [longest]).rowcount for statement in shortened)


def _recipient(row: tuple[Any, ...], error: str) -> ReportedRecipient:
    """The report names the last thing that was heard of the next hop."""
    _, _, address, last_error, remote_host, _, hop_error, notify, orcpt, expires_at, _ = row
    heard = last_error or hop_error
    return ReportedRecipient(
        address, "4.4.7", f"{error}; {heard}" if heard else error, remote_host, notify, orcpt, expires_at
    )
