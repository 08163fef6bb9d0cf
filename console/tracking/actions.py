"""Every write of the protocol log's table that is not the forwarder's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models.expressions import RawSQL

from console.tracking.models import Searched

AT_ONCE = 5_000

FORGET = """
DELETE FROM tracking_session WHERE session_id IN (
    SELECT session_id FROM tracking_session WHERE started_at < %s ORDER BY started_at LIMIT %s)
"""


def find_also_by(messages: Iterable[UUID], text: str) -> None:
    """Lets message tracking find messages by one text more, such as an address that they were sent on to."""
    words = RawSQL("words || tracking_words(%s)", [text.lower()])
    Searched.objects.filter(pk__in=list(messages)).update(words=words)


def forget_before(moment: datetime) -> int:
    """Deletes sessions that began before `moment`, a few thousand to a transaction; returns how many."""
    gone = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(FORGET, [moment, AT_ONCE])
            gone += int(cursor.rowcount)
            if cursor.rowcount < AT_ONCE:
                return gone
