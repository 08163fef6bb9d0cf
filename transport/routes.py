"""Where mail goes, for all who put mail into the queue or take it out: by the revision in force, or the newest before
it that can be read.
"""

import logging
import threading
from typing import Any

import psycopg

from transport import node
from transport.config import revisions
from transport.config.document import DocumentError
from transport.config.snapshot import Snapshot
from transport.queries import SHARED
from transport.send.route import Router

log = logging.getLogger(__name__)


class Routes:
    """Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._router = Router(Snapshot())
        self._number: int | None = None

    def router(self, connection: psycopg.Connection[Any]) -> Router:
        """The same one as long as nothing changed, which one small query tells. Raises psycopg.Error."""
        row = connection.execute(SHARED["revision_in_force"], prepare=True).fetchone()
        number = row[0] if row else None
        with self._lock:
            if number is not None and number != self._number:
                rows = connection.execute(SHARED["revisions_up_to"], [number])
                self._router = Router(next(revisions.readable(rows, _tell), self._router.snapshot), node.name())
                self._number = number
            return self._router


def _tell(number: int, error: DocumentError) -> None:
    log.error("revision %d cannot be used for mail: %s; the one before it is", number, error)
