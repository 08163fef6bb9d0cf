"""Which next hops get a thread next. What is due stands in PostgreSQL: who finds no place now is found again."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic

from transport.deliver.database import Connection
from transport.deliver.slots import SLOTS, Slots, Standing

LAGGING = 1.0
"""Seconds that due mail may wait before its next hop gets more connections."""
AGAIN, LOST = 1.0, 5.0
"""Seconds until the same next hop is asked for again, and until a task counts as lost (somebody emptied Redis)."""

# Whoever handed in mail for thousands of next hops has one turn, like everybody else, and then the next; so has each of
# its messages.
DUE = """
SELECT key, extract(epoch FROM now() - due_at)::float8, retry_count FROM (
    SELECT h.key, h.retry_count, d.due_at, d.message_id,
        row_number() OVER (PARTITION BY d.message_id ORDER BY h.key) AS turn
    FROM queues_nexthop h CROSS JOIN LATERAL (
        SELECT due_at, message_id FROM queues_recipient r
        WHERE r.next_hop = h.key AND r.status = 'ready' AND r.due_at <= now() AND r.claimed_by IS NULL
        ORDER BY due_at LIMIT 1) d
    WHERE NOT h.suspended AND (h.retry_at IS NULL OR h.retry_at <= now()) AND h.key <> 'unreachable'
        AND (h.key = 'mailbox') = ANY(%s)) due
LEFT JOIN queues_message m ON m.id = due.message_id
ORDER BY row_number() OVER (PARTITION BY m.client_address ORDER BY turn, due_at), due_at
"""


class Dispatch:
    """Thread-safe. Remembers what is on its way to a thread, so that no place is given away twice."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._lock = threading.Lock()
        self._asked: dict[str, tuple[float, Standing]] = {}
        self._waiting: deque[tuple[str, Standing]] = deque()
        self.missed = False
        """Whether `wake` had no place to give since `due` looked."""

    def begun(self, hop: str) -> None:
        """A thread has taken it up."""
        with self._lock:
            self._asked.pop(hop, None)

    def wake(self, hop: str) -> bool:
        """There is new mail: whether a thread is to come. Who finds no place is found by `due`, and soon."""
        standing = self._slots.standing(hop, 0)
        asked = self._ask(hop, standing)
        self.missed = self.missed or not (asked or standing is Standing.KNOWN)
        return asked

    def due(self, connection: Connection, mailboxes: bool, next_hops: bool) -> Iterator[str]:
        """Next hops with due mail that get a thread now, each once for every thread. Raises psycopg.Error."""
        self.missed = False
        rows = connection.execute(DUE, [[kind for kind, ours in ((True, mailboxes), (False, next_hops)) if ours]])
        waiting: deque[tuple[str, Standing]] = deque()
        wanted: set[Standing] = set()
        for hop, lag, failures in rows:
            standing, busy = self._slots.standing(hop, failures), self._slots.count(hop)
            if standing is Standing.KNOWN:
                if not busy and lag > LAGGING and self._slots.is_full:
                    wanted.add(standing)
                yield from [hop] * (max(1, busy) if not busy or lag > LAGGING else 0)
            elif busy:
                continue
            elif self._ask(hop, standing):
                yield hop
            else:
                waiting.append((hop, standing))
                wanted.add(standing)
        self._waiting = waiting
        self._slots.want(wanted)

    def following(self) -> str | None:
        """The stranger whose turn it is, now that a place is free."""
        with suppress(IndexError):
            while True:
                hop, standing = self._waiting.popleft()
                if self._ask(hop, standing):
                    return hop
        return None

    def _ask(self, hop: str, standing: Standing) -> bool:
        now = monotonic()
        with self._lock:
            asked_at, _ = self._asked.get(hop, (-LOST, standing))
            if now - asked_at < AGAIN or (standing is not Standing.KNOWN and self._room(standing, now) <= 0):
                return False
            self._asked[hop] = now, standing
            return True

    def _room(self, standing: Standing, now: float) -> int:
        self._asked = {hop: one for hop, one in self._asked.items() if now - one[0] < LOST}
        return self._slots.room(standing) - sum(one is not Standing.KNOWN for _, one in self._asked.values())


DISPATCH = Dispatch(SLOTS)
