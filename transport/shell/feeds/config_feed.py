"""The configuration as the console publishes it: newest document, verified, kept on disk, put in force."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic

import msgspec
from msgspec.structs import replace

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
    """The last good document, as it lies on disk.

    Of one on trial: `former` comes back unless it is confirmed `until` then (seconds since 1970, by this machine's
    clock), and no later than `seconds` after a start with it, should that clock have been set back.
    """

    number: int
    checksum: str
    document: str
    former: Copy | None = None
    until: float = 0.0
    seconds: float = 0.0

    @property
    def key(self) -> tuple[int, int | None]:
        """What tells whether there is news: its number, and the number of what comes back."""
        return self.number, self.former.number if self.former else None


class ConfigFeed:
    """`step` is for `database.follow`. A document that cannot be used is set aside; the one before stays in force.

    A revision on trial goes by this process's own clock, so that the former one comes back whoever else is gone.
    """

    def __init__(self, directory: Path, put_in_force: Callable[[Snapshot], Awaitable[None]]) -> None:
        self.revision: int | None = None
        self.in_force_since: float | None = None
        self.problem = ""
        self._path = directory / "config.json"
        self._put_in_force = put_in_force
        self._refused: tuple[int, str] | None = None
        self._one_at_a_time = asyncio.Lock()
        self._known: tuple[int, int | None] | None = None
        self._gone_back: tuple[int, int | None] | None = None
        self._on_trial: Copy | None = None
        self._deadline = 0.0

    async def start_from_disk(self) -> None:
        """Serve what was in force last, without PostgreSQL."""
        try:
            copy = msgspec.json.decode(self._path.read_bytes(), type=Copy)
            if copy.former and copy.until <= clock.now():
                log.warning("revision %d was not confirmed in time", copy.number)
                copy = copy.former
            await self._use(copy, monotonic() + min(copy.until - clock.now(), copy.seconds))
        except FileNotFoundError:
            return
        except Exception as error:
            log.error("%s cannot be used: %s", self._path, error)
            return
        log.info("revision %d in force (from disk)", copy.number)

    async def step(self, connection: Connection) -> None:
        """Fetch and use the revision in force if it is not in force here yet. Raises psycopg.Error."""
        since = monotonic()
        row = await (await connection.execute(QUERIES["revision_in_force"])).fetchone()
        if row is None or row[0] is None or not self._is_news(row[:2]):
            return
        number, former, seconds = row
        cursor = await connection.execute(QUERIES["revisions"], [[number, former]])
        found = {each[0]: Copy(*each) for each in await cursor.fetchall()}
        if number not in found or (number, found[number].checksum) == self._refused:
            return
        copy = found[number]
        if former is not None:
            copy = replace(copy, former=found[former], until=clock.now() + seconds, seconds=seconds)
        async with self._one_at_a_time:
            if self._is_news(copy.key):
                await self._take(copy, since + copy.seconds, connection)

    def _is_news(self, key: tuple[int, int | None]) -> bool:
        return key not in (self._known, self._gone_back)

    async def _take(self, copy: Copy, deadline: float, connection: Connection) -> None:
        try:
            await self._use(copy, deadline)
        except Exception as error:
            if self.revision is None:
                await self._use_older(connection, copy.number)
            await self._set_aside(copy, error)
            return
        log.info("revision %d in force", copy.number)
        if copy.former:
            log.info("revision %d comes back unless it is confirmed", copy.former.number)
        await asyncio.to_thread(self._keep, self._path, copy)

    async def go_back(self) -> None:
        """Puts the former revision in force again once the time of one on trial is over. To be asked each second."""
        if self._on_trial is None or monotonic() < self._deadline:
            return
        async with self._one_at_a_time:
            tried = self._on_trial
            if tried is None or tried.former is None or monotonic() < self._deadline:
                return
            await self._use(tried.former)
            self._gone_back = tried.key
            log.warning("revision %d was not confirmed: revision %d is in force again", *tried.key)
            await asyncio.to_thread(self._keep, self._path, tried.former)

    async def _use_older(self, connection: Connection, number: int) -> None:
        """The newest revision that can be used at all, for a start that found none on disk."""
        cursor = await connection.execute(QUERIES["revisions_up_to"], [number])
        for older, text, checksum in await cursor.fetchall():
            with contextlib.suppress(Exception):
                await self._use(Copy(older, checksum, text))
                log.info("revision %d in force", older)
                return

    async def _use(self, copy: Copy, deadline: float = 0.0) -> None:
        """`deadline`: of a revision on trial, by the monotonic clock."""
        snapshot = _verified(copy)
        if copy.former:
            _verified(copy.former)
        await self._put_in_force(snapshot)
        self.revision, self.in_force_since = copy.number, clock.now()
        self.problem, self._refused = "", None
        self._known, self._on_trial, self._deadline = copy.key, copy if copy.former else None, deadline

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


def _verified(copy: Copy) -> Snapshot:
    snapshot = document.verified(copy.document.encode(), copy.checksum)
    if snapshot.revision != copy.number:
        raise ValueError(f"it says of itself that it is revision {snapshot.revision}")
    return snapshot
