"""Whether this node takes new sessions, as administrators say it in the console (Set-ServerComponentState)."""

import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

from transport import durable_file
from transport.shell.database import Connection
from transport.shell.queries import QUERIES

ACTIVE, INACTIVE = "Active", "Inactive"


class NodeState:
    """What was said last holds while PostgreSQL is away, and after a restart: it is kept in a file."""

    def __init__(self, directory: Path, node: str, changed: Callable[[bool], Awaitable[None]]) -> None:
        """`changed(draining)` is called whenever that changes."""
        self._file, self._node, self._changed = directory / "draining", node, changed
        self._state = ACTIVE
        self.nodes = 1
        """How many are at work."""

    async def start_from_disk(self) -> None:
        """Before anybody is let in."""
        with contextlib.suppress(FileNotFoundError):
            await self._become(self._file.read_text())

    @property
    def is_inactive(self) -> bool:
        """Whether those that are open end, too."""
        return self._state == INACTIVE

    async def step(self, connection: Connection) -> None:
        """Ask what is said now. Raises psycopg.Error, OSError."""
        row = await (await connection.execute(QUERIES["node_state"], [self._node])).fetchone()
        state, self.nodes = (row[0] or ACTIVE, max(1, row[1])) if row else (ACTIVE, self.nodes)
        if state != self._state:
            await self._become(state)
            if state == ACTIVE:
                self._file.unlink(missing_ok=True)
            else:
                durable_file.replace(self._file, state.encode())

    async def _become(self, state: str) -> None:
        self._state = state
        await self._changed(state != ACTIVE)
