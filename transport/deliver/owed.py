"""What this process has to give back to PostgreSQL and could not, because it was away: claims, and grants of accounts.

Their worker lives on, so nobody else gives them back: without this, mail would wait, and an account rest, until the
process ends.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from transport.deliver.database import Connection, Pool
from transport.deliver.queries import QUERIES

Parameters = Sequence[Any] | Mapping[str, Any]


class Owed:
    """Thread-safe. What is owed may be given back twice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owed: list[tuple[str, Parameters]] = []

    def add(self, query: str, parameters: Parameters) -> None:
        """To be run as soon as PostgreSQL is there: a query of ours by its name."""
        with self._lock:
            self._owed.append((query, parameters))

    def give_back(self, pool: Pool, query: str, parameters: Parameters) -> None:
        """Now; later when that fails. Raises psycopg.Error."""
        try:
            with pool.connection() as connection:
                connection.execute(QUERIES[query], parameters, prepare=True)
        except psycopg.Error:
            self.add(query, parameters)
            raise

    def pay(self, connection: Connection) -> None:
        """All that is owed. Raises psycopg.Error; then the rest is owed still."""
        while self._owed:
            connection.execute(QUERIES[self._owed[0][0]], self._owed[0][1])
            with self._lock:
                del self._owed[0]


OWED = Owed()
