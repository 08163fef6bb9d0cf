"""This process as one that delivers: its number, its life sign, and what wakes it.

A worker holds a session lock in PostgreSQL under its number. When it dies, however it dies, the lock is gone; the next
worker that looks releases what the dead one had claimed. So nothing waits for a lease to run out.
"""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable
from time import monotonic

import psycopg

from transport.deliver import database
from transport.deliver.database import Connection
from transport.deliver.slots import SLOTS

LOCKS = 0x6770  # the first of the two keys of our advisory locks: "gp"
RETRY_AFTER = 0.5
LOOK_EVERY, LOOK_AGAIN = 2.0, 0.5
"""Seconds between two looks at what is due; and when one was asked for since."""

LIVING = "SELECT pg_try_advisory_lock(%s, %s)"
REGISTER = """
INSERT INTO queues_worker (number, name) VALUES (%s, %s) ON CONFLICT (number) DO NOTHING
"""
# Just after PostgreSQL started everybody has lost the lock: the living get time to come back. (When the clock was set
# back, the start lies ahead.)
DEAD = """
DELETE FROM queues_worker w
WHERE now() - pg_postmaster_start_time() NOT BETWEEN interval '0' AND interval '5 seconds' AND NOT EXISTS (
    SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = w.number::oid AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
RETURNING number
"""
# An attempt that was cut short is an attempt, and its mail may have arrived: what was not tried yet goes before it, so
# that workers which die one after the other do not send the same message each time.
RELEASE = """
UPDATE queues_recipient SET claimed_by = NULL, attempts = attempts + 1, due_at = now()
WHERE status = 'ready' AND claimed_by = ANY(%s)
"""

Wake = Callable[[str], None]
Look = Callable[[Connection], None]
log = logging.getLogger(__name__)


class Worker:
    """Registers this process and listens, in a thread of its own, for as long as the process lives."""

    def __init__(self) -> None:
        self.number = secrets.randbelow(2**31 - 1) + 1
        self.wake: Wake = lambda hop: None
        self.look: Look = lambda connection: None
        self.is_asked: Callable[[], bool] = lambda: False
        self.rerouted: Callable[[], None] = lambda: None
        self._registered = threading.Event()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def ready(self, seconds: float = 30.0) -> bool:
        """Start if need be; whether it is registered, which must come before the first claim."""
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="queue-listener", daemon=True)
                self._thread.start()
        return self._registered.wait(seconds)

    def _run(self) -> None:
        away = False
        while not SLOTS.stopping:
            try:
                with database.connect() as connection:
                    self._register(connection)
                    away = False
                    self._listen(connection)
            except psycopg.Error as error:
                self._registered.clear()
                if not away:
                    log.warning("queue listener: %s", " ".join(str(error).split()))
                away = True
            except Exception:
                log.exception("queue listener: trying again")
            SLOTS.wait_stopping(RETRY_AFTER)

    def _register(self, connection: Connection) -> None:
        connection.execute(LIVING, [LOCKS, self.number])
        connection.execute(REGISTER, [self.number, f"{socket.gethostname()}:{os.getpid()}"])
        connection.execute("LISTEN gatepost_queue")
        connection.execute("LISTEN gatepost_config")
        self._registered.set()

    def _listen(self, connection: Connection) -> None:
        looked = -LOOK_EVERY
        while not SLOTS.stopping:
            if monotonic() - looked >= (LOOK_AGAIN if self.is_asked() else LOOK_EVERY):
                self.look(connection)
                looked = monotonic()
            for notice in connection.notifies(timeout=LOOK_AGAIN):
                if notice.channel == "gatepost_config":
                    self.rerouted()
                elif not SLOTS.wake(notice.payload):
                    self.wake(notice.payload)
                if SLOTS.stopping:
                    return


def bury_the_dead(connection: Connection) -> int:
    """Release what workers that are no more had claimed; returns the number of recipients."""
    with connection.transaction():
        dead = [row[0] for row in connection.execute(DEAD, [LOCKS])]
        return connection.execute(RELEASE, [dead]).rowcount if dead else 0


WORKER = Worker()
