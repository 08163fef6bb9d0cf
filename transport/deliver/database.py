"""Delivery's own connections to PostgreSQL: many threads wait for slow peers, few hold a connection."""

import atexit
import os
import select
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg_pool import ConnectionPool

from transport.postgresql import lively

LARGEST_POOL = 20

Connection = psycopg.Connection[tuple[Any, ...]]
Pool = ConnectionPool[Connection]
R = TypeVar("R")


class Pooled(psycopg.Connection[Any]):
    """One of a pool, or none. Once one is found broken the others that its pool keeps are taken out: after a restart of
    PostgreSQL all of them are, and a pool finds that of one after the other, with a longer pause after each.
    """

    def wait(self, gen: PQGen[R], interval: float = 0.1, timeout: float | None = None) -> R:
        """As psycopg's own, of which every statement is made."""
        try:
            return super().wait(gen, interval, timeout)
        except psycopg.OperationalError as error:
            if isinstance(self._pool, ConnectionPool) and (self.closed or (error.sqlstate or "")[:3] == "57P"):
                self._pool.drain()
            raise


def _of_environment() -> str:
    return lively(os.environ.get("DATABASE_URL", ""))


address: Callable[[], str] = _of_environment
"""Where PostgreSQL is, as a connection string of libpq. Whoever starts delivery may know it otherwise."""
KEEPS_TRYING: dict[str, Any] = {"reconnect_timeout": 5, "reconnect_failed": ConnectionPool.check}
"""For a pool, which waits twice as long after each attempt in vain: it begins anew after 5 s, so that whoever waits for
a connection has one within 2 s of PostgreSQL's return, however long it was away.
"""
kind: type[Connection] = Pooled
"""What the connections of the pool are: who shows pages waits for no server that hangs. What delivers does, and loses
nothing by it: the results of what it has sent are written once the server goes on.
"""


@cache
def pool() -> Pool:
    """The process's pool. Connections are in autocommit; a transaction is `with connection.transaction()`.

    What is still open when the interpreter ends would wait 5 s for each thread of the pool under Python ≥ 3.13.
    """
    made = ConnectionPool(
        address(),
        min_size=1,
        max_size=LARGEST_POOL,
        timeout=30,
        open=True,
        check=_check,
        kwargs={"autocommit": True},
        connection_class=kind,
        **KEEPS_TRYING,
    )
    atexit.register(made.close)
    return made


def _check(connection: Connection) -> None:
    """Before one is handed out: after a restart of PostgreSQL all that were kept are broken. Where the server hung up
    there is something to read; without that nobody is asked. Raises psycopg.Error.
    """
    look = select.poll()
    look.register(connection.fileno(), select.POLLIN)
    if look.poll(0):
        ConnectionPool.check_connection(connection)


def connect() -> Connection:
    """A connection outside the pool, for one that lives as long as the process."""
    return psycopg.connect(address(), autocommit=True)
