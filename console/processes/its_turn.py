"""Whose beat sends the periodic work, of those on several machines: one at a time, by a lock in PostgreSQL."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from typing import Any

import psycopg

from console import clock

LOCK = 0x67706265
"""The advisory lock: "gpbe". It is gone with the process, or the machine."""
LOOK_EVERY = 1.0

log = logging.getLogger(__name__)


class ItsTurn:
    """Calling it tells whether it is ours. While PostgreSQL is away it stays as it was: nothing can be done then, and
    what two send is done once all the same.
    """

    def __init__(self, address: str) -> None:
        self._address, self._ours = address, threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="its-turn", daemon=True)

    def __call__(self) -> bool:
        return self._ours.is_set()

    def follow(self) -> ItsTurn:
        """In a thread of its own: a PostgreSQL that hangs must not hold up signs of life."""
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            with suppress(psycopg.Error), psycopg.connect(self._address, autocommit=True, connect_timeout=5) as link:
                self._try(link)
            self._stopping.wait(LOOK_EVERY)

    def _try(self, connection: psycopg.Connection[Any]) -> None:
        while not (got := self._take(connection)) and not self._stopping.wait(LOOK_EVERY):
            self._ours.clear()
        if got and not self._ours.is_set():
            log.info("beat: this node sends the periodic work")
            self._ours.set()
        while not self._stopping.wait(LOOK_EVERY):
            clock.look(connection)  # the lock is ours as long as the connection is

    def _take(self, connection: psycopg.Connection[Any]) -> bool:
        clock.look(connection)
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone()
        return bool(row and row[0])
