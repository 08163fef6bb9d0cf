"""Every write of the protocol log's table that is not the forwarder's."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

AT_ONCE = 5_000

FORGET = """
DELETE FROM tracking_session WHERE session_id IN (
    SELECT session_id FROM tracking_session WHERE started_at < %s ORDER BY started_at LIMIT %s)
"""


def forget_before(moment: datetime) -> int:
    """Deletes sessions that began before `moment`, a few thousand to a transaction; returns how many."""
    gone = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(FORGET, [moment, AT_ONCE])
            gone += int(cursor.rowcount)
            if cursor.rowcount < AT_ONCE:
                return gone
