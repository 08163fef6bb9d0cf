"""One transport's journal, read in order and moved into the queue's tables."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg

from transport.routes import Routes
from transport.shell.forward import queue_tables
from transport.shell.forward.backlog import Backlog
from transport.shell.forward.queue_tables import Connection
from transport.shell.journal.durable_end import Ends, durable_ends
from transport.shell.journal.segment import (
    BODIES,
    SET_ASIDE,
    Damage,
    Newer,
    Record,
    read_segment,
    segments,
    strangers,
)
from transport.shell.queries import QUERIES

MOST_RECORDS = 2000
MOST_BYTES = 16 << 20

log = logging.getLogger(__name__)


class JournalReader:
    """Knows how far each segment is loaded, as the database says."""

    def __init__(self, transport: str, directory: Path, connection: Connection) -> None:
        self._transport, self._directory = transport, directory
        rows = connection.execute(QUERIES["journal_positions"], {"transport": transport}).fetchall()
        self._positions: dict[str, int] = dict(rows)
        self.waiting_since: float | None = None
        """When the oldest message was accepted (Unix seconds) that is not loaded yet; None when nothing waits."""
        self.needs_upgrade = False
        """Whether it goes no further, since what comes next is of a later version."""
        self.known = 0
        """Messages that were in PostgreSQL already, by their identity: of a journal that was copied, or restored."""
        self.backlog = Backlog(directory, self._positions)
        self._forget_deleted(connection)

    def move(self, connection: Connection, routes: Routes) -> int:
        """Load one batch; returns the number of its messages. Raises psycopg.Error, OSError, of which Newer."""
        for path in strangers(self._directory):
            self._set_aside(path, "its name is not a segment's")
            path.unlink()
        found = segments(self._directory)
        ends = durable_ends(self._directory)
        for path in found:
            try:
                records, end, finished = self._next_batch(path, ends)
            except FileNotFoundError:  # the transport could not store anything in it
                continue
            if records or end > self._positions.get(path.name, 0):
                self._load(connection, routes, path, records, end)
            last = path is found[-1]
            if finished and not last:
                self._delete(connection, path, ends)
            if records:
                self.waiting_since = None if finished and last else records[-1].envelope.accepted_at
                return len(records)
        self.waiting_since = None
        self.backlog.nothing()
        return 0

    def _next_batch(self, path: Path, ends: Ends) -> tuple[list[Record], int, bool]:
        """Records, the offset behind them, and whether nothing more can be read."""
        records: list[Record] = []
        end = start = self._positions.get(path.name, 0)
        length = 0
        try:
            for found in self._readable(path, end, ends.of(path.name)):
                end = found.end
                if isinstance(found, Record):
                    records.append(found)
                    length += len(found.body)
                if len(records) >= MOST_RECORDS or length >= MOST_BYTES:
                    return records, end, False
        except Newer:  # what lies before it need not wait
            if end == start:
                raise
            return records, end, False
        return records, end, True

    def _readable(self, path: Path, offset: int, durable: int | None) -> Iterator[Record | Damage]:
        """What can be loaded; for everything else the segment is set aside first."""
        for found in read_segment(path, offset, durable):
            if isinstance(found, Damage):
                self._set_aside(path, found.message)
            elif not queue_tables.has_content(found.envelope, self._directory):
                problem = f"the body {found.envelope.body_file} of a message at {found.offset} is missing"
                self._set_aside(path, problem)
                found = Damage(found.offset, found.end, problem)
            yield found

    def _load(self, connection: Connection, routes: Routes, path: Path, records: list[Record], end: int) -> None:
        """Should PostgreSQL refuse a value, only the message that holds it is set aside; what it knows, it has."""
        try:
            self._load_all(connection, routes, path, records, end)
        except psycopg.errors.UniqueViolation:
            if not (known := self._known(connection, records)):
                raise
            log.warning("%s: %d messages were in PostgreSQL already", path, len(known))
            self.known += len(known)
            self._load(connection, routes, path, [each for each in records if each.envelope.id not in known], end)
        except psycopg.DataError as error:
            if len(records) == 1:
                self._set_aside(path, f"the message at {records[0].offset} cannot be stored: {error}")
                self._load_all(connection, routes, path, [], end)
                return
            middle = len(records) // 2
            self._load(connection, routes, path, records[:middle], records[middle - 1].end)
            self._load(connection, routes, path, records[middle:], end)

    def _known(self, connection: Connection, records: list[Record]) -> set[bytes]:
        identities = [UUID(bytes=each.envelope.id) for each in records]
        return {row[0].bytes for row in connection.execute(QUERIES["known_messages"], [identities])}

    def _load_all(self, connection: Connection, routes: Routes, path: Path, records: list[Record], end: int) -> None:
        router = routes.router(connection)
        with connection.transaction():
            recipients = queue_tables.write(connection, records, self._directory, router) if records else 0
            start = self._positions.get(path.name, 0)
            position = {"transport": self._transport, "segment": path.name, "start": start, "offset": end}
            counts = {"messages": len(records), "recipients": recipients}
            if connection.execute(QUERIES["advance_journal"], position | counts, prepare=True).rowcount != 1:
                raise psycopg.OperationalError(f"{path} is no longer read up to {start}: another forwarder is at work")
        self._positions[path.name] = end
        self.backlog.loaded(path.name, records)
        for record in records:
            if record.envelope.body_file:
                (self._directory / BODIES / record.envelope.body_file).unlink(missing_ok=True)

    def _delete(self, connection: Connection, path: Path, ends: Ends) -> None:
        """Everything of it is in the database. First the file, then what we know of it: never the other way round.

        What lies behind the durable end is known to be of no use to anybody.
        """
        position = self._positions.get(path.name, 0)
        torn = path.stat().st_size - position
        if torn > 0 and ends.of(path.name) != position:
            self._set_aside(path, f"{torn} bytes at the end are no whole message: never answered with 250, or damaged")
        path.unlink()
        self._forget_deleted(connection)

    def _forget_deleted(self, connection: Connection) -> None:
        gone = [name for name in self._positions if name and not (self._directory / name).exists()]
        if gone:
            with connection.transaction():
                connection.execute(QUERIES["sum_up_journal"], {"transport": self._transport, "segments": gone})
            for name in gone:
                del self._positions[name]

    def _set_aside(self, path: Path, why: str) -> None:
        """Keep the segment for a human, under a second name; what can be read of it is loaded all the same."""
        kept = self._directory / SET_ASIDE / path.name
        log.error("%s: %s. The file is kept as %s; all that can be read is loaded.", path, why, kept)
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        if not kept.exists():
            os.link(path, kept)
