"""How much comes for each next hop and leaves it: counted in memory, told to PostgreSQL every few seconds. It costs no
message anything, and who dies takes the last seconds with him.
"""

import threading
from collections import Counter
from collections.abc import Iterable
from time import monotonic
from typing import Any

import psycopg

from transport.queries import SHARED

EVERY = 5.0


class Flow:
    """Of one process; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._came: Counter[str] = Counter()
        self._went: Counter[str] = Counter()
        self._told_at = monotonic()

    def came(self, hops: Iterable[str]) -> None:
        """The next hop of each recipient that came."""
        with self._lock:
            self._came.update(hops)

    def went(self, hop: str, recipients: int) -> None:
        """So many have left a next hop."""
        with self._lock:
            self._went[hop] += recipients

    def tell(self, connection: psycopg.Connection[Any], every: float = EVERY) -> None:
        """Write it down, when it is time. Raises psycopg.Error."""
        with self._lock:
            if monotonic() - self._told_at < every:
                return
            came, went = self._came, self._went
            self._came, self._went, self._told_at = Counter(), Counter(), monotonic()
        if hops := sorted({*came, *went}):
            what = {"hops": hops, "came": [came[hop] for hop in hops], "went": [went[hop] for hop in hops]}
            connection.execute(SHARED["add_flow"], what)


FLOW = Flow()
