"""Every write of the protocol log's tables that is not the forwarder's, and what transports are asked to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models.expressions import RawSQL

from console import clock
from console.actors import Actor, Role
from console.audit.actions import record
from console.publishing.actions import wake_transports
from console.tracking.models import Ending, Look, Looked, Searched

AT_ONCE = 5_000
SESSION = "Session"
MAY_END = frozenset({Role.HYGIENE_MANAGEMENT})
LOOKED = timedelta(seconds=10)
"""For so long after a look the transports go on telling (`asked_of_sessions` in `transport/shell/queries.sql`)."""
ENDED_WITHIN, EVERY = 2.0, 0.05

FORGET = """
DELETE FROM tracking_session WHERE session_id IN (
    SELECT session_id FROM tracking_session WHERE started_at < %s ORDER BY started_at LIMIT %s)
"""

BEFORE_ALL = """
WITH newest AS (
    SELECT greatest((SELECT max(transaction) FROM tracking_event), (SELECT max(transaction) FROM tracking_reader)) AS n
), readers AS (
    UPDATE tracking_reader SET transaction = transaction - newest.n FROM newest
)
UPDATE tracking_event SET transaction = transaction - newest.n FROM newest
"""


def find_also_by(messages: Iterable[UUID], text: str) -> None:
    """Lets message tracking find messages by one text more, such as an address that they were sent on to."""
    words = RawSQL("words || tracking_words(%s)", [text.lower()])
    Searched.objects.filter(pk__in=list(messages)).update(words=words)


def settle_restored() -> None:
    """After a restore: a new server counts its transactions from the beginning. Events come before all of these, in
    their order, and so do the positions of those who read them; nobody looks at sessions, and none is to end.
    """
    with connection.cursor() as cursor:
        cursor.execute(BEFORE_ALL)
    for model in (Looked, Look, Ending):
        model._default_manager.all().delete()


def forget_before(moment: datetime) -> int:
    """Deletes sessions that began before `moment`, a few thousand to a transaction; returns how many."""
    gone = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(FORGET, [moment, AT_ONCE])
            gone += int(cursor.rowcount)
            if cursor.rowcount < AT_ONCE:
                return gone


def look(connector: str, client: str) -> tuple[Look, bool]:
    """Has the transports tell of open sessions; whether nobody was looking at these before. Looks of others that are
    over go.
    """
    now = clock.now()
    over = Look.objects.filter(asked_at__lt=now - LOOKED).exclude(connector=connector, client=client)
    Looked.objects.filter(look__in=over).delete()
    over.delete()
    row, is_new = Look.objects.get_or_create(connector=connector, client=client)
    is_new = is_new or row.asked_at < now - LOOKED
    Look.objects.filter(pk=row.pk).update(asked_at=now)
    if is_new:
        wake_transports()
    return row, is_new


def end_session(actor: Actor, session_id: str, connector: str, client: str) -> bool:
    """Has the transport end a session, with a last reply to the client. Waits for it; False when no transport has the
    session any more, and then nothing is kept of it. Raises PermissionDenied.
    """
    actor.require(*MAY_END)
    Ending.objects.filter(asked_at__lt=clock.now() - LOOKED).delete()
    Ending.objects.get_or_create(pk=session_id)
    wake_transports()
    ended = wait_until(lambda: not Ending.objects.filter(pk=session_id).exists(), ENDED_WITHIN)
    if not ended and Ending.objects.filter(pk=session_id).delete()[0]:
        return False
    record(actor, SESSION, session_id, "ended", None, {"Client": client, "Connector": connector})
    return True


def wait_until(done: Callable[[], bool], seconds: float) -> bool:
    """Looks again and again, for so long at most; whether it is done."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(EVERY)
    return True
