"""The protocol log, from its files into the table that the viewer reads. Behind the mail, and at its own pace.

Sessions and the position in the file are written in one transaction, so that nothing is shown twice.
"""

from pathlib import Path

import msgspec
from psycopg.types.json import Jsonb

from transport.shell.forward.queue_tables import Connection
from transport.shell.queries import QUERIES
from transport.trace.series import RECEIVE, SEND
from transport.trace.sessions import MOST_EVENTS, MOST_SEARCHED, Direction, GatheredSession, gather

MOST_BYTES = 512 << 10
"""Read at a time: about 4,000 lines, some 50 ms of work between two looks at the mail."""
HEADER_BYTES = 4096
DIRECTIONS = {RECEIVE: Direction.RECEIVE, SEND: Direction.SEND}


class LogForwarder:
    """All protocol log directories of the node: `protocol-log/<transport>/RECV….LOG` of what clients said, `SEND….LOG`
    of what we said to next hops.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._positions: dict[tuple[str, str], int] = {}
        self._known = False

    def forget(self) -> None:
        """What the database says counts, after it was away."""
        self._known = False

    def move(self, connection: Connection) -> int:
        """Load one piece of one file; returns the number of its sessions."""
        if not self._known:
            rows = connection.execute(QUERIES["log_positions"]).fetchall()
            self._positions = {(transport, file): offset for transport, file, offset in rows}
            self._known = True
        for path in sorted(each for series in DIRECTIONS for each in self._directory.glob(f"*/{series.prefix}*.LOG")):
            key = path.parent.name, path.name
            offset = self._positions.get(key, 0)
            try:
                data = _lines_from(path, offset)
                header = _header(path) if data and offset else b""
            except FileNotFoundError:
                continue
            if data:
                return self._load(connection, key, offset + len(data), header + data)
        return 0

    def _load(self, connection: Connection, key: tuple[str, str], end: int, text: bytes) -> int:
        transport, file = key
        direction = next(way for series, way in DIRECTIONS.items() if file.startswith(series.prefix))
        sessions = gather(text.decode("utf-8", "replace").splitlines(), direction)
        with connection.transaction(), connection.cursor() as cursor:
            cursor.executemany(QUERIES["add_to_sessions"], [_row(transport, session) for session in sessions])
            cursor.execute(QUERIES["advance_log"], {"transport": transport, "file": file, "offset": end})
            cursor.execute(QUERIES["wake_tracking"])
        self._positions[key] = end
        return max(1, len(sessions))


def _lines_from(path: Path, offset: int) -> bytes:
    """Whole lines behind `offset`."""
    if path.stat().st_size <= offset:
        return b""
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
