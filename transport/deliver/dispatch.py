"""Which next hops get a thread next. What is due stands in PostgreSQL: who finds no place now is found again."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from time import monotonic

from transport.deliver.database import Connection
from transport.deliver.queries import QUERIES
from transport.deliver.slots import SLOTS, Slots, Standing
from transport.send.route import DeliveryType

LAGGING = 1.0
"""Seconds that due mail may wait before its next hop gets more connections."""
AGAIN, LOST = 1.0, 5.0
"""Seconds until the same next hop is asked for again, and until a task counts as lost (somebody emptied Redis)."""
LOOKED_AT = 1000
"""Next hops of strangers that one look is about."""

Due = tuple[str, DeliveryType]
"""A next hop by its key, and of which kind it is."""
Waiting = tuple[Due, Standing]


class Dispatch:
    """Thread-safe. Remembers what is on its way to a thread, so that no place is given away twice."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._lock = threading.Lock()
        self._asked: dict[str, tuple[float, Standing]] = {}
        self._waiting: deque[Waiting] = deque()
        self._behind = ""
        self.is_first: Callable[[str], bool] = lambda hop: True
        """Whether a next hop is ours before it is that of the other processes of this node."""
        self.missed = False
        """Whether `wake` had no place to give since `due` looked."""

    def begun(self, hop: str) -> None:
        """A thread has taken it up."""
        with self._lock:
            self._asked.pop(hop, None)

    def wake(self, hop: str, delivery_type: DeliveryType) -> bool:
        """There is new mail: whether a thread is to come. Who finds no place is found by `due`, and soon."""
        standing = self._slots.standing(hop, delivery_type, 0)
        asked = self._ask(hop, standing)
        self.missed = self.missed or not (asked or standing is Standing.KNOWN)
        return asked

    def due(self, connection: Connection, kinds: Iterable[DeliveryType]) -> Iterator[Due]:
        """Next hops of these kinds with due mail that get a thread now, each once for every thread; of more than
        `LOOKED_AT` strangers some, and next time the others. Raises psycopg.Error.
        """
        self.missed = False
        waiting: deque[Waiting] = deque()
        wanted: set[Standing] = set()
        left_out = 0
        for hop, kind, lag, failures in self._look(connection, list(kinds)):
            delivery_type = DeliveryType(kind)
            if lag <= LAGGING and not self.is_first(hop):
                continue
            standing, busy = self._slots.standing(hop, delivery_type, failures), self._slots.count(hop)
            if not busy and lag > LAGGING and self._is_left_out(hop, standing):
                wanted.add(standing)
                left_out += 1
            if standing is Standing.KNOWN:
                yield from [(hop, delivery_type)] * (max(1, busy) if not busy or lag > LAGGING else 0)
            elif busy:
                continue
            elif self._ask(hop, standing):
                yield hop, delivery_type
            else:
                waiting.append(((hop, delivery_type), standing))
                wanted.add(standing)
        self._waiting = waiting
        self.missed = self.missed or bool(left_out)
        self._slots.want(wanted, left_out)

    def _look(self, connection: Connection, kinds: list[DeliveryType]) -> list[tuple[str, str, float, int]]:
        part = {"strangers": DeliveryType.DNS, "behind": self._behind, "most": LOOKED_AT}
        end = connection.execute(QUERIES["end_of_part"], part).fetchone() if DeliveryType.DNS in kinds else None
        found = connection.execute(QUERIES["due_hops"], part | {"kinds": kinds, "end": end and end[0]}).fetchall()
        self._behind = end[0] if end else ""
        return found

    def _is_left_out(self, hop: str, standing: Standing) -> bool:
        """Whether a next hop has no place because others have them all, or all connections that there may be."""
        return self._slots.was_denied(hop) or (standing is Standing.KNOWN and self._slots.is_full)

    def following(self) -> Due | None:
        """The stranger whose turn it is, now that a place is free."""
        with suppress(IndexError):
            while True:
                due, standing = self._waiting.popleft()
                if self._ask(due[0], standing):
                    return due
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
