"""One moment of the database, which pg_dump and we see alike: what the backup says of it is what is in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg

HELD = "SELECT DISTINCT held FROM queues_content WHERE held IS NOT NULL"
POSITIONS = "SELECT transport || '/' || segment FROM queues_position"
KNOWN = "SELECT id FROM queues_message WHERE id = ANY(%s)"
RECIPIENTS = "SELECT status, count(*) FROM queues_recipient GROUP BY status ORDER BY status"
COUNTS = """
SELECT (SELECT count(*) FROM queues_message), (SELECT coalesce(max(number), 0) FROM publishing_configrevision)
"""
NODES = """
SELECT DISTINCT node FROM processes_turn WHERE process IN ('forwarder', 'transport') AND node <> %s
    AND at > now() - interval '1 hour' ORDER BY node
"""


class Moment:
    """Raises psycopg.Error wherever it is asked."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self.server = connection.info.server_version
        self.name = str(self._one("SELECT pg_export_snapshot()")[0])

    def held(self) -> set[str]:
        """The bodies that it needs as files."""
        return {row[0] for row in self._connection.execute(HELD)}

    def loaded(self, segments: dict[str, UUID | None], is_gone: Iterable[str]) -> list[str]:
        """Of segments (each with its first message) those that were in the database whole, and forgotten. One that
        `is_gone` from the journal may be; its first message tells.
        """
        known = {row[0] for row in self._connection.execute(POSITIONS)}
        doubtful = {name: segments[name] for name in is_gone if name not in known}
        there = {row[0] for row in self._connection.execute(KNOWN, [[each for each in doubtful.values() if each]])}
        return sorted(name for name, first in doubtful.items() if first in there)

    def recipients(self) -> dict[str, int]:
        return dict(self._connection.execute(RECIPIENTS).fetchall())

    def counts(self) -> tuple[int, int]:
        """Messages, and the number of the newest revision."""
        messages, revision = self._one(COUNTS)
        return int(messages), int(revision)

    def other_nodes(self, node: str) -> list[str]:
        return [row[0] for row in self._connection.execute(NODES, [node])]

    def _one(self, statement: str) -> Any:
        return self._connection.execute(statement).fetchone()


@contextmanager
def moment(url: str) -> Iterator[Moment]:
    """Kept for as long as the block runs."""
    with psycopg.connect(url, connect_timeout=5) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        connection.execute("SET LOCAL statement_timeout = 0")
        yield Moment(connection)
        connection.rollback()
