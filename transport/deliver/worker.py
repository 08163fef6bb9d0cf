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
from zlib import crc32

import psycopg

from transport import held_body, node, service_manager
from transport.deliver import database, keeping
from transport.deliver.database import Connection
from transport.deliver.owed import OWED
from transport.deliver.queries import QUERIES
from transport.deliver.slots import SLOTS
from transport.flow import FLOW
from transport.send.route import DeliveryType

LOCKS = 0x6770  # the first of the two keys of our advisory locks: "gp"
RETRY_AFTER = 0.5
LOOK_EVERY, LOOK_AGAIN = 2.0, 0.5
"""Seconds between two looks at what is due; and when one was asked for since."""
DIED = "Set aside: each time it was being delivered, the process that delivers it ended."
KINDS = frozenset(DeliveryType)

Wake = Callable[[DeliveryType, str], None]
Look = Callable[[Connection], None]
log = logging.getLogger(__name__)


class Worker:
    """Registers this process and listens, in a thread of its own, for as long as the process lives."""

    def __init__(self) -> None:
        self.number = secrets.randbelow(2**31 - 1) + 1
        self.wake: Wake = lambda delivery_type, hop: None
        self.look: Look = lambda connection: None
        self.is_asked: Callable[[], bool] = lambda: False
        self.rerouted: Callable[[], object] = lambda: None
        self.kind = ""
        """Which next hops it serves, in a word: those of one kind on a node share them out."""
        self._home = ""
        self._alike: frozenset[int] = frozenset()
        """Numbers of the workers of our kind and node, without ours."""
        self._others: frozenset[str] = frozenset()
        """Data directories that have workers of their own."""
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
            service_manager.alive()
            SLOTS.wait_stopping(RETRY_AFTER)

    def _register(self, connection: Connection) -> None:
        connection.execute(QUERIES["hold_number"], [LOCKS, self.number])
        self._home = held_body.mark(node.home())
        what = [self.number, f"{self.kind} {socket.gethostname()}:{os.getpid()}", self._home]
        connection.execute(QUERIES["register_worker"], what)
        connection.execute("LISTEN gatepost_queue")
        connection.execute("LISTEN gatepost_config")
        self._registered.set()

    def _listen(self, connection: Connection) -> None:
        looked = -LOOK_EVERY
        while not SLOTS.stopping:
            service_manager.alive()
            if monotonic() - looked >= (LOOK_AGAIN if self.is_asked() else LOOK_EVERY):
                self._heed(connection, OWED.pay, connection)
                self._heed(connection, self.look, connection)
                self._heed(connection, self._look_around, connection)
                self._heed(connection, FLOW.tell, connection)
                looked = monotonic()
            for notice in connection.notifies(timeout=LOOK_AGAIN):
                if notice.channel == "gatepost_config":
                    self._heed(connection, self.rerouted)
                else:
                    self._heed(connection, self._told, notice.payload)
                if SLOTS.stopping:
                    return

    def _heed(self, connection: Connection, do: Callable[..., object], *arguments: object) -> None:
        """What goes wrong here must not end a connection that works: its lock says that this process lives, and without
        it another one would deliver again what is on its way."""
        try:
            do(*arguments)
        except Exception:
            if connection.closed:
                raise
            log.exception("queue listener: going on")

    def _look_around(self, connection: Connection) -> None:
        found = connection.execute(QUERIES["other_workers"], [self.number]).fetchall()
        self._others = frozenset(home for _, _, home in found if home != self._home)
        here = ((number, name) for number, name, home in found if home == self._home)
        self._alike = frozenset(number for number, name in here if name.startswith(f"{self.kind} "))

    def is_first(self, hop: str) -> bool:
        """Of those of our kind and node each next hop has one that begins with it, the same one for everybody: several
        that wake for each message get a part of them each, at half as much again for each. With a backlog the others
        help.
        """
        ours = crc32(f"{self.number} {hop}".encode())
        return all(crc32(f"{number} {hop}".encode()) <= ours for number in self._alike)

    def _told(self, payload: str) -> None:
        """There is mail for a next hop, of a kind. What another version says otherwise, `look` finds; and what another
        node brought whose workers lag: two nodes that reach for the same mail get half of it each, at twice the price.
        """
        words, _, hop = payload.partition(" ")
        kind, _, first = words.partition("@")
        if kind not in KINDS or (first in self._others and DeliveryType(kind).is_remote) or not self.is_first(hop):
            return
        if not SLOTS.wake(hop):
            self.wake(DeliveryType(kind), hop)


def bury_the_dead(connection: Connection) -> int:
    """Release what workers that are no more had claimed and leased; returns the number of recipients."""
    with connection.transaction():
        dead = [row[0] for row in connection.execute(QUERIES["dead_workers"], [LOCKS])]
        if not dead:
            return 0
        connection.execute(QUERIES["free_leases_of"], [dead])
        connection.execute(QUERIES["settle_of"], [dead])
        released = connection.execute(QUERIES["release_claims_of"], [dead]).rowcount
        keeping.set_aside(connection, DIED)
        return released


WORKER = Worker()
