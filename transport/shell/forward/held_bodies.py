"""Large bodies that stay files (`transport.held_body`): which do, when they go into PostgreSQL all the same, and when
nobody needs them any more.

A body gets a second name before the transaction that names it, and loses the first one after that: killed anywhere, it
has one that counts. A second name that no row knows is of no use.
"""

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import psycopg

from transport import held_body
from transport.durable_file import sync_directory
from transport.shell.journal.segment import BODIES, CHUNK, Record
from transport.shell.queries import QUERIES

Connection = psycopg.Connection[tuple[Any, ...]]

LEFT_ALONE = 10.0
"""Seconds in which most mail is delivered; what waits longer has to be where every worker finds it."""
TAKING = 0.3
"""Seconds of each turn in which bodies may be taken into PostgreSQL."""
WORTHWHILE = 1 << 20
"""Octets of a message beyond which its body stays a file; delivery reads smaller ones together with their facts."""

log = logging.getLogger(__name__)


def hold(connection: Connection, records: Iterable[Record], directory: Path) -> set[str]:
    """Let those bodies stay files that may; returns the names of their files. `directory` is the journal's."""
    names = [each.envelope.body_file for each in records if each.envelope.body_file and each.envelope.size > WORTHWHILE]
    if not names or not _all_read(connection, directory):
        return set()
    folder = directory / held_body.HELD
    try:
        folder.mkdir(exist_ok=True, mode=0o700)
        for name in names:
            with suppress(FileExistsError):
                os.link(directory / BODIES / name, folder / name)
        sync_directory(folder)
    except OSError as error:  # a filesystem may know no second names
        log.warning("large bodies go into PostgreSQL at once: %s", error)
        return set()
    return set(names)


def _all_read(connection: Connection, directory: Path) -> bool:
    home = directory.parent.parent
    if not held_body.is_marked(home):  # no worker was ever there
        return False
    what = {"home": held_body.mark(home)}
    row = connection.execute(QUERIES["all_workers_read"], what, prepare=True).fetchone()
    return bool(row and row[0])


def pieces(file: Path) -> Iterator[bytes]:
    """Of a body, of the size that PostgreSQL gets. Raises OSError."""
    with file.open("rb") as opened:
        while piece := opened.read(CHUNK):
            yield piece


class HeldBodies:
    """Of all transports below one data directory. For the thread that moves their mail."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._since: dict[str, float] = {}

    def tend(self, connection: Connection) -> None:
        """Remove what nobody waits for, and take into PostgreSQL what waits long. Raises psycopg.Error, OSError."""
        found = [f"{file.parent.parent.name}/{file.name}" for file in self._home.glob(f"journal/*/{held_body.HELD}/*")]
        if not found:
            self._since.clear()
            return
        needed = {row[0] for row in connection.execute(QUERIES["held_bodies"], [found])}
        for name in set(found) - needed:
            held_body.path(self._home, name).unlink(missing_ok=True)
        now = monotonic()
        self._since = {name: self._since.get(name, now) for name in sorted(needed)}
        for name, since in self._since.items():
            if monotonic() - now > TAKING:
                break
            if now - since > LEFT_ALONE:
                self._take(connection, name)

    def take_all(self, connection: Connection) -> None:
        """What waits, at once: nobody else can read this directory any more. Raises psycopg.Error, OSError."""
        found = [f"{file.parent.parent.name}/{file.name}" for file in self._home.glob(f"journal/*/{held_body.HELD}/*")]
        for (name,) in connection.execute(QUERIES["held_bodies"], [found]).fetchall():
            self._take(connection, name)

    def _take(self, connection: Connection, name: str) -> None:
        file = held_body.path(self._home, name)
        try:
            with connection.transaction():
                taken = _take_in(connection, name, file)
        except psycopg.Error as error:
            if connection.closed:
                raise
            log.warning("%s: %s; trying again in %.0f s", file, " ".join(str(error).split()), LEFT_ALONE)
            self._since[name] = monotonic()
            return
        if taken:
            file.unlink(missing_ok=True)


def _take_in(connection: Connection, name: str, file: Path) -> bool:
    """The file as pieces, for every message that names it; False when one of them is under way just now.

    Nobody claims their recipients meanwhile, nor deletes their content: that waits for the messages' locks.
    """
    rows = connection.execute(QUERIES["holding"], [name]).fetchall()
    messages = [row[0] for row in rows]
    for query in ("lock_holding_messages", "lock_holding_recipients"):
        row = connection.execute(QUERIES[query], {"messages": messages}).fetchone()
        if not (row and row[0]):
            return False
    for message, number in rows:
        if connection.execute(QUERIES["no_longer_held"], [message, number]).rowcount:
            _insert(connection, message, number, file)
    return True


def _insert(connection: Connection, message: UUID, number: int, file: Path) -> None:
    """In the place of one piece; what stands behind it makes room."""
    more = -(-file.stat().st_size // CHUNK) - 1
    connection.execute(QUERIES["make_room"], {"message": message, "number": number, "more": more})
    with connection.cursor() as cursor, cursor.copy(QUERIES["copy_content"]) as copy:
        copy.set_types(CONTENT_TYPES)
        for place, piece in enumerate(pieces(file), number):
            copy.write_row((message, place, piece, None))


CONTENT_TYPES = ["uuid", "int4", "bytea", "text"]
