"""Moves accepted mail from the journal into PostgreSQL, and the protocol log after it. One process per node.

Records and the position behind them are written in one transaction: killed at any moment, it goes on where the database
says. A segment is deleted when all of it is committed and the transport writes to a newer one.
"""

import logging
import os
import shutil
import signal
import threading
from contextlib import suppress
from pathlib import Path
from time import monotonic, time

import psycopg

from transport import held_body, log_lines, memory, node, service_manager
from transport.durable_file import only_one
from transport.flow import FLOW
from transport.postgresql import lively
from transport.routes import Routes
from transport.shell.forward import search_words
from transport.shell.forward.held_bodies import HeldBodies
from transport.shell.forward.journal_reader import JournalReader
from transport.shell.forward.log_forwarder import LogForwarder
from transport.shell.forward.queue_tables import Connection
from transport.shell.journal.segment import Newer
from transport.shell.queries import QUERIES

NICENESS = 5
WORTHWHILE = 500
"""Messages in a batch; after a smaller one it waits a little, so that the next transaction carries more: what a
transaction costs would otherwise be most of what a message costs.
"""
GATHER, IDLE = 0.1, 0.05
SEARCH_AGAIN = 0.5
"""Seconds between two looks at what is to be made searchable, unless there was as much as one may find."""
LONGEST_BACK_OFF = 5.0
TURN_EVERY = 1.0
"""Seconds between two signs of life."""
COUNTING = 0.1
"""Seconds of each turn in which what waits may be counted: some 20,000 messages."""

log = logging.getLogger(__name__)


class Forwarder:
    """Everything below one data directory: each transport's journal, then its protocol log and session records."""

    def __init__(self, home: Path, database_url: str, node: str = "") -> None:
        self._home, self._journals, self._database_url, self._node = home, home / "journal", database_url, node
        self._readers: dict[str, JournalReader] = {}
        self._routes = Routes()
        self._held = HeldBodies(home)
        self._logs = LogForwarder(home)
        self._search_at = 0.0
        self.stopping = threading.Event()

    def run(self) -> None:
        """Until `stopping` is set. PostgreSQL may be away at any time."""
        wait = 0.1
        while not self.stopping.is_set():
            try:
                with psycopg.connect(self._database_url, autocommit=True, connect_timeout=5) as connection:
                    log.info("forwarder: connected to PostgreSQL")
                    wait = 0.1
                    self._readers.clear()
                    self._logs.forget()
                    self._move(connection)
            except (psycopg.Error, OSError) as error:
                log.warning("forwarder: %s; trying again in %.1f s", " ".join(str(error).split()), wait)
                self.stopping.wait(wait)
                wait = min(2 * wait, LONGEST_BACK_OFF)
                service_manager.alive()

    def _move(self, connection: Connection) -> None:
        told_at = -TURN_EVERY
        while not self.stopping.is_set():
            moved = self.move_mail(connection)
            if monotonic() - told_at >= TURN_EVERY:
                told_at = monotonic()
                self._tell(connection)
                self._held.tend(connection)
            if moved >= WORTHWHILE:
                continue
            busy = self._logs.move(connection) + self._make_searchable(connection)
            if moved or not busy:
                self.stopping.wait(GATHER if moved else IDLE)

    def _make_searchable(self, connection: Connection) -> int:
        if monotonic() < self._search_at:
            return 0
        found = search_words.move(connection)
        self._search_at = 0.0 if found == search_words.AT_ONCE else monotonic() + SEARCH_AGAIN
        return found

    def _tell(self, connection: Connection) -> None:
        """A turn is done, and what waits in the journals; what hangs, or fails each time, says nothing."""
        until = monotonic() + COUNTING
        readers = self._all_readers(connection)
        turn = {
            "node": self._node,
            "all_counted": all(reader.backlog.count(until) for reader in readers),
            "messages": sum(reader.backlog.messages for reader in readers),
            "recipients": sum(reader.backlog.recipients for reader in readers),
            "waiting": max(
                (max(0.0, time() - each.waiting_since) for each in readers if each.waiting_since), default=None
            ),
            "version": node.version(),
            "needs_upgrade": any(reader.needs_upgrade for reader in readers),
        }
        connection.execute(QUERIES["report_turn"], turn, prepare=True)
        self._tell_of_node(connection)
        FLOW.tell(connection)
        service_manager.alive()

    def _tell_of_node(self, connection: Connection) -> None:
        """Of this machine: its disk, and its clock beside that of PostgreSQL."""
        facts = {
            "name": self._node,
            "home": held_body.mark(self._home),
            "version": node.version(),
            "free": shutil.disk_usage(self._home).free,
            "clock": time(),
        }
        connection.execute(QUERIES["report_node"], facts, prepare=True)

    def move_mail(self, connection: Connection) -> int:
        """One batch from every transport; returns the number of messages moved."""
        return sum(self._move_one(connection, reader) for reader in self._all_readers(connection))

    def _move_one(self, connection: Connection, reader: JournalReader) -> int:
        """What only a later version can read waits for that, and holds up no other journal."""
        try:
            moved = reader.move(connection, self._routes)
        except Newer as error:
            if not reader.needs_upgrade:
                log.error("%s", error)
            reader.needs_upgrade = True
            return 0
        reader.needs_upgrade = False
        return moved

    def _all_readers(self, connection: Connection) -> list[JournalReader]:
        try:
            names = [entry.name for entry in os.scandir(self._journals) if entry.is_dir()]
        except FileNotFoundError:
            return []
        for name in names:
            if name not in self._readers:
                self._readers[name] = JournalReader(name, self._journals / name, connection)
        return [self._readers[name] for name in sorted(names)]


def run(home: Path, database_url: str, node: str) -> None:
    """The process: until SIGTERM or SIGINT. Raises OSError when another one runs on this data directory."""
    lock = only_one(home / "state" / "forwarder.lock", f"another forwarder is running on {home}")
    with suppress(OSError):  # a sandbox that forbids it has said how nice we are
        os.nice(NICENESS)
    forwarder = Forwarder(home, database_url, node)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: forwarder.stopping.set())
    memory.settle()
    service_manager.ready()
    forwarder.run()
    service_manager.stopping()
    os.close(lock)


def main() -> None:
    """Environment: GATEPOST_HOME, DATABASE_URL, GATEPOST_NODE."""
    log_lines.to_standard_error()
    home = node.home()
    try:
        run(home, lively(os.environ.get("DATABASE_URL", "")), node.name())
    except OSError as error:
        log.error("the forwarder cannot start: %s", error)
        raise SystemExit(1) from None
