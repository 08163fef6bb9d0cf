"""Recipients that were delivered, deferred and failed, counted behind the mail from what happened to messages."""

from __future__ import annotations

from django.db import connection, transaction

from console.tracking.models import Reader
from transport.trace.events import Event as Kind

READER = "counts"
AT_ONCE = 20_000
"""Events in a run; one takes about a microsecond."""
KINDS = {Kind.SEND: "delivered", Kind.DELIVER: "delivered", Kind.DEFER: "deferred", Kind.FAIL: "failed"}

COUNT = """
WITH next AS (
    SELECT transaction, id, event, connector, time, recipients FROM tracking_event
    WHERE transaction >= %(transaction)s AND (transaction, id) > (%(transaction)s, %(event)s)
        AND transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    ORDER BY transaction, id LIMIT %(at_once)s),
counted AS (
    INSERT INTO publishing_count (what, by, name, connector, at, n)
    SELECT k.what, 'send connector', next.connector, '', date_trunc('minute', time), sum(cardinality(recipients))
    FROM next JOIN unnest(%(events)s::text[], %(whats)s::text[]) k(event, what) ON k.event = next.event
    WHERE time > now() - interval '7 days'
    GROUP BY 1, 3, 5 ORDER BY 1, 3, 5
    ON CONFLICT (what, by, name, connector, at) DO UPDATE SET n = publishing_count.n + excluded.n)
SELECT transaction, id FROM next ORDER BY transaction DESC, id DESC LIMIT 1
"""


def count() -> bool:
    """Count the next events, each once; returns whether there were any. Raises django.db.OperationalError."""
    Reader.objects.get_or_create(name=READER)
    with transaction.atomic(), connection.cursor() as cursor:
        reader = Reader.objects.select_for_update(skip_locked=True).filter(name=READER).first()
        if reader is None:
            return False
        kinds = {"events": [str(kind) for kind in KINDS], "whats": list(KINDS.values())}
        behind = {"transaction": reader.transaction, "event": reader.event, "at_once": AT_ONCE}
        cursor.execute(COUNT, {**behind, **kinds})
        last = cursor.fetchone()
        if last is not None:
            reader.transaction, reader.event = last
            reader.save(update_fields=["transaction", "event"])
        return last is not None
