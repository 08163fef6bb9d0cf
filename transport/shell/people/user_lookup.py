"""Who a logon name belongs to: asked of PostgreSQL anew at each sign-in, so that what is saved holds at once."""

import asyncio
from typing import NamedTuple

import psycopg

from transport.receive.outcome import LogonName
from transport.receive.session import User
from transport.shell.database import Connection
from transport.shell.queries import QUERIES

ANSWER_WITHIN = 5.0
"""Seconds that PostgreSQL may take."""


class Found(NamedTuple):
    """A user of the directory. `hash` is Argon2's, with its parameters; `nt_hash` is encrypted, or empty."""

    user: User
    hash: str
    enabled: bool
    nt_hash: str


class UserLookup:
    """One connection, one question at a time. For the event loop's thread."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._connection: Connection | None = None
        self._asking = asyncio.Lock()

    async def find(self, logon: LogonName) -> Found | None:
        """Raises psycopg.Error, OSError or TimeoutError."""
        async with asyncio.timeout(ANSWER_WITHIN), self._asking:
            again = self._connection is not None
            while True:
                try:
                    return await self._ask(logon)
                except (psycopg.OperationalError, asyncio.CancelledError) as error:
                    await self.hang_up()
                    if not again or isinstance(error, asyncio.CancelledError):
                        raise
                    again = False  # the connection may just have grown old

    async def _ask(self, logon: LogonName) -> Found | None:
        if self._connection is None:
            self._connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
        values = {"user": logon.user, "domain": logon.domain, "address": logon.address}
        rows = await (await self._connection.execute(QUERIES["user_by_logon"], values)).fetchall()
        if len(rows) != 1:  # nobody, or a name without a domain that several have
            return None
        name, hash_, enabled, nt_hash, groups, addresses = rows[0]
        return Found(User(name, tuple(groups), frozenset(addresses)), hash_, enabled, nt_hash)

    async def hang_up(self) -> None:
        """Close the connection; the next question makes a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
