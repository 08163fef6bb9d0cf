"""Keeps the recipient index up to date with the directory, and on disk for the next start."""

import asyncio
import logging
import time
from pathlib import Path

from transport import durable_file
from transport.shell.database import Connection
from transport.shell.feeds.recipient_index import RecipientIndex
from transport.shell.queries import QUERIES

CHANNEL = "gatepost_recipients"
POLL = 2.0
ROWS = 2000
"""Changes per query: applying them holds up other clients for a few milliseconds."""
SAVE_EVERY = 30.0
COUNT_EVERY = 600.0

log = logging.getLogger(__name__)


class RecipientFeed:
    """`step` is for `database.follow`; `index` is replaced as a whole when it has to be built anew."""

    def __init__(self, path: Path) -> None:
        self.index = RecipientIndex()
        self._path = path
        self._settled = 0
        self._saved, self._saved_at, self._counted_at = 0, 0.0, 0.0
        self._load()

    def _load(self) -> None:
        try:
            self.index.unpack(self._path.read_bytes())
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            log.error("recipients: %s: %s; they are read from PostgreSQL again", self._path, error)
            return
        self._settled = self._saved = self.index.last_change
        log.info("recipients: %d addresses as of change %d from disk", len(self.index), self.index.last_change)

    async def step(self, connection: Connection) -> None:
        """Fetch what changed, now and then compare the totals, now and then save. Raises psycopg.Error."""
        await self._fetch(connection, self.index)
        if not self.index.loaded or time.monotonic() - self._counted_at > COUNT_EVERY:
            await self._compare(connection)
        self.index.loaded = True
        if self._settled != self._saved and time.monotonic() - self._saved_at > SAVE_EVERY:
            await asyncio.to_thread(self._write, self.index.pack(self._settled), self._settled)

    async def _fetch(self, connection: Connection, index: RecipientIndex) -> None:
        settled = await self._settled_now(connection)
        after = self._settled if index is self.index else 0
        while True:
            cursor = await connection.execute(QUERIES["recipient_changes"], {"after": after, "limit": ROWS})
            rows = await cursor.fetchall()
            for _, address, deleted in rows:
                (index.remove if deleted else index.add)(address)
            if rows:
                after = rows[-1][0]
                index.last_change = max(index.last_change, after)
            if len(rows) < ROWS:
                break
        if settled:
            self._settled = after

    async def _settled_now(self, connection: Connection) -> bool:
        row = await (await connection.execute(QUERIES["recipients_settled"])).fetchone()
        return bool(row and row[0])

    async def _compare(self, connection: Connection) -> None:
        """A directory restored from a backup, or rows removed by hand, leave no change behind: read it all again."""
        row = await (await connection.execute(QUERIES["recipient_totals"])).fetchone()
        count, newest = row or (0, 0)
        self._counted_at = time.monotonic()
        if count == len(self.index) and newest == self.index.last_change:
            return
        if not await self._settled_now(connection):
            self._counted_at = 0.0
            return
        log.info("recipients: %d addresses here, %d in the directory: reading them again", len(self.index), count)
        fresh = RecipientIndex()
        self._settled = 0
        await self._fetch(connection, fresh)
        fresh.loaded = True
        self.index = fresh

    def save(self) -> None:
        """Write the index to disk if it changed; for the end of the process."""
        if self.index.loaded and self._settled != self._saved:
            self._write(self.index.pack(self._settled), self._settled)

    def _write(self, content: bytes, settled: int) -> None:
        self._saved_at = time.monotonic()
        try:
            durable_file.replace(self._path, content)
            self._saved = settled
        except OSError as error:
            log.error("recipients: %s cannot be written: %s", self._path, error)
