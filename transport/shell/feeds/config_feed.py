"""The configuration as the console publishes it: newest document, verified, kept on disk, put in force."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from transport import durable_file
from transport.config import document
from transport.config.snapshot import Snapshot
from transport.shell import clock
from transport.shell.database import Connection
from transport.shell.queries import QUERIES

CHANNEL = "gatepost_config"
POLL = 1.0
log = logging.getLogger(__name__)


class Copy(msgspec.Struct, frozen=True):
    """The last good document, as it lies on disk."""

    number: int
    checksum: str
    document: str


class ConfigFeed:
    """`step` is for `database.follow`. A document that cannot be used is set aside; the one before stays in force."""

    def __init__(self, directory: Path, put_in_force: Callable[[Snapshot], Awaitable[None]]) -> None:
        self.revision: int | None = None
        self.in_force_since: float | None = None
        self.problem = ""
        self._path = directory / "config.json"
        self._put_in_force = put_in_force
        self._refused: tuple[int, str] | None = None

    async def start_from_disk(self) -> None:
        """Serve what was in force last, without PostgreSQL."""
        try:
            copy = msgspec.json.decode(self._path.read_bytes(), type=Copy)
            await self._use(copy)
        except FileNotFoundError:
            return
        except Exception as error:
            log.error("%s cannot be used: %s", self._path, error)
            return
        log.info("revision %d in force (from disk)", copy.number)

    async def step(self, connection: Connection) -> None:
        """Fetch and use the newest document if it is not in force yet. Raises psycopg.Error."""
        row = await (await connection.execute(QUERIES["newest_revision_number"])).fetchone()
        number = row[0] if row else None
        if number is None or number == self.revision:
            return
        row = await (await connection.execute(QUERIES["newest_revision"])).fetchone()
        if row is None or (row[0], row[2]) == self._refused:
            return
        copy = Copy(row[0], row[2], row[1])
        try:
            await self._use(copy)
        except Exception as error:
            if self.revision is None:
                await self._use_older(connection)
            await self._set_aside(copy, error)
            return
        log.info("revision %d in force", copy.number)
        await asyncio.to_thread(self._keep, self._path, copy)

    async def _use_older(self, connection: Connection) -> None:
        """The newest revision that can be used at all, for a start that found none on disk."""
        cursor = await connection.execute(QUERIES["revisions_from_newest"])
        for number, text, checksum in await cursor.fetchall():
            with contextlib.suppress(Exception):
                await self._use(Copy(number, checksum, text))
                log.info("revision %d in force", number)
                return

    async def _use(self, copy: Copy) -> None:
        snapshot = document.verified(copy.document.encode(), copy.checksum)
        if snapshot.revision != copy.number:
            raise ValueError(f"it says of itself that it is revision {snapshot.revision}")
        await self._put_in_force(snapshot)
        self.revision, self.in_force_since = copy.number, clock.now()
        self.problem, self._refused = "", None

    async def _set_aside(self, copy: Copy, error: Exception) -> None:
        self._refused = copy.number, copy.checksum
        stays = f"revision {self.revision} stays in force" if self.revision else "there is none before it"
        self.problem = f"Revision {copy.number} cannot be used: {error}; {stays}."
        log.error("%s", self.problem)
        await asyncio.to_thread(self._keep, self._path.with_name(f"config-{copy.number}.refused.json"), copy)

    def _keep(self, path: Path, copy: Copy) -> None:
        try:
            durable_file.replace(path, msgspec.json.encode(copy))
        except OSError as error:
            log.error("%s cannot be written: %s", path, error)
