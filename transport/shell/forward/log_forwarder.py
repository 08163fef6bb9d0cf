"""The protocol log and the records of sessions, from their files into the tables that the console reads. Behind the
mail, and at their own pace.

What a file says and the position in it are written in one transaction, so that nothing is there twice.
"""

import logging
import os
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from transport.shell.forward.queue_tables import Connection
from transport.shell.queries import QUERIES
from transport.trace.series import RECEIVE, SEND, Series, is_newer
from transport.trace.session_record import RECORD, ended
from transport.trace.sessions import MOST_EVENTS, MOST_SEARCHED, Direction, GatheredSession, gather

MOST_BYTES = 512 << 10
"""Read at a time: about 4,000 lines, some 50 ms of work between two looks at the mail."""
HEADER_BYTES = 4096
PACKED = 1
"""The quick level of zlib: a tenth of the octets are left."""
log = logging.getLogger(__name__)
Cursor = psycopg.Cursor[Any]
Load = Callable[[Cursor, str, bytes], int]
"""Puts lines of a transport, those on top of the file included, where they belong; returns the number of sessions."""


class LogForwarder:
    """All of the node: `protocol-log/<transport>/RECV….LOG` of what clients said, `SEND….LOG` of what we said to next
    hops, `session-records/<transport>/SESS….LOG` of each session of a client.
    """

    def __init__(self, home: Path) -> None:
        self._loads: list[tuple[Series, Path, Load]] = [
            (RECEIVE, home / "protocol-log", partial(_protocol_log, Direction.RECEIVE)),
            (SEND, home / "protocol-log", partial(_protocol_log, Direction.SEND)),
            (RECORD, home / "session-records", _records),
        ]
        self._positions: dict[tuple[str, str], int] = {}
        self._known = False
        self._left: set[tuple[str, str]] = set()

    def forget(self) -> None:
        """What the database says counts, after it was away."""
        self._known = False

    def move(self, connection: Connection) -> int:
        """Load one piece of one file of each kind; returns the number of sessions."""
        if not self._known:
            rows = connection.execute(QUERIES["log_positions"]).fetchall()
            self._positions = {(transport, file): offset for transport, file, offset in rows}
            self._known = True
        return sum(self._move(connection, *each) for each in self._loads)

    def _move(self, connection: Connection, series: Series, directory: Path, load: Load) -> int:
        for key in _longer(directory, series.prefix, self._positions):
            path = directory.joinpath(*key)
            if key in self._left:
                continue
            offset = self._positions.get(key, 0)
            try:
                data = _lines_from(path, offset)
                header = _header(path) if data else b""
            except FileNotFoundError:
                continue
            if is_newer(header):
                self._leave(key, path)
            elif data:
                return self._load(connection, key, offset + len(data), load, header + data if offset else data)
        return 0

    def _leave(self, key: tuple[str, str], path: Path) -> None:
        self._left.add(key)
        log.error("%s is of a later version: it is read once this node is upgraded", path)

    def _load(self, connection: Connection, key: tuple[str, str], end: int, load: Load, text: bytes) -> int:
        transport, file = key
        with connection.transaction(), connection.cursor() as cursor:
            loaded = load(cursor, transport, text)
            cursor.execute(QUERIES["advance_log"], {"transport": transport, "file": file, "offset": end})
        self._positions[key] = end
        return max(1, loaded)


def _protocol_log(direction: Direction, cursor: Cursor, transport: str, text: bytes) -> int:
    sessions = gather(text.decode("utf-8", "replace").splitlines(), direction)
    cursor.executemany(QUERIES["add_to_sessions"], [_row(transport, session) for session in sessions])
    cursor.execute(QUERIES["wake_tracking"])
    return len(sessions)


def _records(cursor: Cursor, transport: str, text: bytes) -> int:
    """Packed as they are: whoever replays sessions reads thousands of them, and nobody looks for one."""
    ends = [(moment, line) for line in text.splitlines(keepends=True) if (moment := ended(line)) is not None]
    if ends:
        packed = zlib.compress(b"".join(line for _, line in ends), PACKED)
        first, last = min(ends)[0], max(ends)[0]
        row = {"transport": transport, "first": first, "last": last, "n": len(ends), "lines": packed}
        cursor.execute(QUERIES["add_records"], row)
    return len(ends)


def _longer(directory: Path, prefix: str, positions: Mapping[tuple[str, str], int]) -> list[tuple[str, str]]:
    """Transport and name of the files that have more than was read. Looked for many times a second, when `Path.glob`
    would cost more than all else.
    """
    found = []
    with suppress(FileNotFoundError):
        for transport in os.listdir(directory):
            with suppress(FileNotFoundError, NotADirectoryError), os.scandir(f"{directory}/{transport}") as files:
                for file in files:
                    if not (file.name.startswith(prefix) and file.name.endswith(".LOG")):
                        continue
                    if file.stat().st_size > positions.get((transport, file.name), 0):
                        found.append((transport, file.name))
    return sorted(found)


def _lines_from(path: Path, offset: int) -> bytes:
    """Whole lines behind `offset`."""
    with path.open("rb") as file:
        file.seek(offset)
        data = file.read(MOST_BYTES)
    end = data.rfind(b"\n") + 1
    # A line longer than what is read at once is no line of ours: step over it rather than stand still.
    return data[:end] if end or len(data) < MOST_BYTES else data


def _header(path: Path) -> bytes:
    """The lines on top, which say what stands in the others."""
    with path.open("rb") as file:
        first = file.read(HEADER_BYTES).splitlines(keepends=True)
    return b"".join(line for line in first if line.startswith(b"#"))


def _row(transport: str, session: GatheredSession) -> dict[str, object]:
    fields = msgspec.structs.asdict(session)
    fields |= {
        "transport": transport,
        "direction": session.direction.value,
        "events": Jsonb(session.events),
        "search": session.searched,
    }
    return fields | {"most_events": MOST_EVENTS, "most_searched": MOST_SEARCHED}
