"""The newest revision, as delivery sees it. One small query tells whether it changed."""

import threading

import psycopg

from transport.config import document
from transport.config.snapshot import Snapshot
from transport.send.route import Router

_lock = threading.Lock()
_router = Router(Snapshot())
_number: int | None = None


def router(connection: psycopg.Connection) -> Router:
    """The router of the newest revision. Raises DocumentError when its document is damaged."""
    global _router, _number
    row = connection.execute("SELECT max(number) FROM publishing_configrevision").fetchone()
    number = row[0] if row else None
    with _lock:
        if number != _number:
            found = connection.execute(
                "SELECT document FROM publishing_configrevision WHERE number = %s", [number]
            ).fetchone()
            _router, _number = Router(document.decode(found[0]) if found else Snapshot()), number
        return _router
