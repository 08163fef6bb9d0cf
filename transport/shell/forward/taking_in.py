"""The journal of a node that is gone, moved into PostgreSQL by another: `manage.py forward DIRECTORY`.

Each message comes in once, however often this is run and whatever the dead node's forwarder had done: positions are
kept by transport and segment, and what is there already is known by its identity. Nothing is deleted but what is in
PostgreSQL; what cannot be read is set aside, and named.
"""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from transport import log_lines
from transport.durable_file import close, only_one
from transport.postgresql import lively
from transport.routes import Routes
from transport.shell.forward.held_bodies import HeldBodies
from transport.shell.forward.journal_reader import JournalReader
from transport.shell.forward.log_forwarder import LogForwarder
from transport.shell.forward.queue_tables import Connection
from transport.shell.journal.segment import BODIES, SET_ASIDE, Record, read_segment, segments, strangers
from transport.shell.queries import QUERIES

IN_USE = "A process still runs on {}: stop it first"


@dataclass
class Found:
    """What `directory` is: the journals in it, by the names of their transports; `home`: the data directory itself."""

    journals: dict[str, Path]
    home: Path | None = None


@dataclass
class Taken:
    """`set_aside`: files that hold what could not be read."""

    messages: dict[str, int] = field(default_factory=dict)
    known: int = 0
    sessions: int = 0
    set_aside: list[Path] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """In words."""
        for transport, messages in self.messages.items():
            yield f"{transport}: {messages:,} messages taken in."
        if self.known:
            yield f"{self.known:,} messages were there already."
        if self.sessions:
            yield f"{self.sessions:,} sessions of its protocol log taken in."
        for path in self.set_aside:
            yield f"Not all of {path.name} can be read. It is kept as {path}."


def find(directory: Path) -> Found:
    """The journals below a data directory, its folder `journal`, or the folder of one transport. Raises LookupError."""
    home = directory if (directory / "journal").is_dir() else None
    folder = directory / "journal" if home else directory
    found = [folder] if _is_journal(folder) else [each for each in sorted(folder.iterdir()) if _is_journal(each)]
    if not found:
        raise LookupError(f"{directory} holds no journal: name a data directory, its folder journal, or one in that.")
    return Found({_transport(each): each for each in found}, home or _home_above(folder))


def _is_journal(folder: Path) -> bool:
    return folder.is_dir() and bool((folder / BODIES).is_dir() or segments(folder) or strangers(folder))


def _home_above(folder: Path) -> Path | None:
    """The data directory that a folder is still in."""
    return next((each.parent for each in (folder, folder.parent) if each.name == "journal"), None)


def _transport(folder: Path) -> str:
    """Whose journal it is, as its messages say: a copy may be called otherwise."""
    for segment in segments(folder):
        for found in read_segment(segment):
            if isinstance(found, Record):
                return found.envelope.transport
    return folder.name


def take_in(found: Found, address: str) -> Taken:
    """All of them. Raises OSError when a process is at work there, psycopg.Error."""
    taken = Taken()
    with alone(found.home), psycopg.connect(address, autocommit=True, connect_timeout=5) as connection:
        for transport, directory in found.journals.items():
            before = _set_aside(directory)
            _move(connection, transport, directory, taken)
            taken.set_aside += sorted(_set_aside(directory) - before)
        if found.home is not None:
            HeldBodies(found.home).take_all(connection)
            taken.sessions = _move_logs(connection, found.home)
        connection.execute(QUERIES["journals_taken_in"], [list(found.journals)])
    return taken


def _move(connection: Connection, transport: str, directory: Path, taken: Taken) -> None:
    reader, routes, moved = JournalReader(transport, directory, connection), Routes(), 0
    while count := reader.move(connection, routes):
        moved += count
    taken.messages[transport] = moved - reader.known
    taken.known += reader.known


def _set_aside(directory: Path) -> set[Path]:
    return set((directory / SET_ASIDE).glob("*"))


def _move_logs(connection: Connection, home: Path) -> int:
    logs, sessions = LogForwarder(home), 0
    while moved := logs.move(connection):
        sessions += moved
    return sessions


@contextmanager
def alone(home: Path | None) -> Iterator[None]:
    """The locks that transports and forwarder of that data directory hold as long as they live. Of a folder that was
    copied out of one (None) there is none: two that take it in at once find each other by their positions. Raises
    OSError.
    """
    locks: list[int] = []
    try:
        if home is not None and (home / "state").is_dir():
            state = home / "state"
            for file in (*state.glob("forwarder*.lock"), *state.glob("*/lock")):
                locks.append(only_one(file, IN_USE.format(home)))
        yield
    finally:
        for lock in locks:
            close(lock)


def main(directory: str) -> None:
    """Environment: DATABASE_URL."""
    log_lines.to_standard_error()
    logging.getLogger("transport.shell.forward").setLevel(logging.ERROR)
    try:
        taken = take_in(find(Path(directory).resolve()), lively(os.environ.get("DATABASE_URL", "")))
    except (OSError, LookupError, psycopg.Error) as error:
        raise SystemExit(f"{' '.join(str(error).split())}") from None
    print("\n".join(taken.lines()), flush=True)
    sys.exit(1 if taken.set_aside else 0)
