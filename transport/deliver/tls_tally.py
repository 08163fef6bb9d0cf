"""How speaking TLS with hosts ended, counted for each policy and day (UTC). Source: RFC 8460 §4.

Kept in memory for a while, and then written in one statement. What a process had not written when it was killed is not
counted: a report is statistics.
"""

import threading
from collections import Counter
from datetime import UTC, datetime
from hashlib import md5
from time import monotonic

from transport.deliver.database import Connection
from transport.deliver.queries import QUERIES
from transport.send.hosts import Host
from transport.send.tls_policy import Policy
from transport.send.tls_results import Result

EVERY = 30.0
"""Seconds between two writes."""
MOST = 10_000
"""Kinds of results between two writes: further ones are not counted."""
LONGEST = 200

Row = tuple[str, ...]


class Tally:
    """Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted: Counter[Row] = Counter()
        self._written_at = monotonic()

    def add(self, domain: str, policy: Policy, result: Result, host: Host | None = None, words: str = "") -> None:
        """One connection more that ended so; `words` say what was wrong."""
        day = datetime.now(UTC).date().isoformat()
        there = (host.name, host.address) if host is not None else ("", "")
        lines, hosts = "\n".join(policy.lines), "\n".join(policy.hosts)
        row = (day, domain, policy.kind, lines, hosts, result.value, *there, words[:LONGEST])
        with self._lock:
            if row in self._counted or len(self._counted) < MOST:
                self._counted[row] += 1

    def write(self, connection: Connection, *, now: bool = False) -> None:
        """What was counted, when it is time. Raises psycopg.Error; then it is counted still."""
        with self._lock:
            if not self._counted or not (now or monotonic() - self._written_at > EVERY):
                return
            counted, self._counted, self._written_at = self._counted, Counter(), monotonic()
        try:
            self._write(connection, counted)
        except Exception:
            with self._lock:
                self._counted.update(counted)
            raise

    def _write(self, connection: Connection, counted: Counter[Row]) -> None:
        """In one order everywhere, so that two who write the same rows do not lock each other out."""
        rows = sorted((row[0], _key(row), *row[1:], number) for row, number in counted.items())
        connection.execute(QUERIES["count_tls_results"], [list(column) for column in zip(*rows, strict=True)])


def _key(row: Row) -> str:
    return md5("\0".join(row[1:]).encode(), usedforsecurity=False).hexdigest()


TALLY = Tally()
