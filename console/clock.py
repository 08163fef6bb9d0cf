"""What time it is for the console: by PostgreSQL, whose clock all nodes share (docs/nodes.md)."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import psycopg
from django.db import Error, connection
from django.db.backends.signals import connection_created
from django.dispatch import receiver
from django.utils import timezone

MOST_APART = timedelta(seconds=1)
"""By so much a clock may differ, and is still taken as it is."""
LOOK_EVERY = 10.0
"""Seconds."""

_behind = timedelta()
_looked_at = -LOOK_EVERY


def now() -> datetime:
    """In UTC; as this machine has it until PostgreSQL was asked."""
    return timezone.now() + _behind


def look(link: psycopg.Connection[Any]) -> None:
    """Find out by how much our clock is behind. Raises psycopg.Error."""
    global _behind, _looked_at  # the process's, whatever the thread
    _looked_at, before = monotonic(), timezone.now()
    row = link.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    behind = row[0] - before - (timezone.now() - before) / 2
    _behind = behind if abs(behind) > MOST_APART else timedelta()


def look_anew() -> None:
    """Unless we did lately. While PostgreSQL is away all stays as it was."""
    global _looked_at
    if not _is_fresh():
        _looked_at = monotonic()
        with suppress(Error, psycopg.Error), connection.temporary_connection():
            look(connection.connection)


@receiver(connection_created)
def _look_now_and_then(connection: Any, **_: Any) -> None:
    if not _is_fresh():
        look(connection.connection)


def _is_fresh() -> bool:
    return monotonic() - _looked_at < LOOK_EVERY
