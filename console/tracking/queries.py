"""What the protocol log's pages read; made for a million sessions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any, cast

from django.core.paginator import Paginator
from django.db import connection
from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.utils.functional import cached_property
from django.utils.translation import gettext

from console.tracking.models import Session
from transport.trace.line import decided_by

COUNTED = 10_000
EXPORTED_AT_ONCE = 500
WITHOUT_EVENTS = ("events", "search")

OUTCOMES = {
    "queued": Q(accepted__gt=0),
    "refused": Q(refused__gt=0),
    "nothing": Q(accepted=0, refused=0),
    "open": Q(ended_at=None),
}

_WORD = re.compile(r"[a-z0-9]+")

# Each distinct connector by one step in the index (https://wiki.postgresql.org/wiki/Loose_indexscan).
CONNECTORS = """
WITH RECURSIVE found AS (
    (SELECT connector FROM tracking_session ORDER BY connector LIMIT 1)
    UNION ALL
    SELECT (SELECT connector FROM tracking_session WHERE connector > found.connector ORDER BY connector LIMIT 1)
    FROM found WHERE found.connector IS NOT NULL
)
SELECT connector FROM found WHERE connector IS NOT NULL LIMIT 1000
"""


class AtLeast(int):
    """A count that stopped counting."""

    def __format__(self, form: str) -> str:
        return gettext("more than %s") % format(int(self), form)

    def __str__(self) -> str:
        return f"{self:,}"


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # takes no argument when it runs
    """Counts no further than `COUNTED` rows: nobody pages through more, and counting a million takes its time."""

    @cached_property
    def count(self) -> int:
        rows = cast(QuerySet[Any], self.object_list)
        found = rows.order_by()[: COUNTED + 1].count()
        return found if found <= COUNTED else AtLeast(COUNTED)


def connectors() -> list[str]:
    """The connectors that sessions name."""
    with connection.cursor() as cursor:
        cursor.execute(CONNECTORS)
        return [name for (name,) in cursor.fetchall()]


def is_recorded(session_id: str) -> bool:
    """Whether the log holds a session; it does not where protocol logging was off, or long ago."""
    return Session.objects.filter(pk=session_id).exists()


def newest() -> QuerySet[Session]:
    return Session.objects.order_by("-started_at", "-session_id")


def with_text(sessions: QuerySet[Session], text: str) -> QuerySet[Session]:
    """Those in which every word of `text` begins a word: `anna@conto` finds anna@contoso.com."""
    words = _WORD.findall(text.lower())
    if not words:
        return sessions
    wanted = " & ".join(f"{word}:*" for word in words)
    return sessions.extra(where=["tracking_words(search) @@ to_tsquery('simple', %s)"], params=[wanted])


def refused_by(rule: str) -> QuerySet[Session]:
    """The newest sessions in which a rule refused something."""
    found = with_text(newest().filter(refused__gt=0), rule).filter(search__contains=f" {decided_by(rule)}")
    return found.defer(*WITHOUT_EVENTS)


def containing(sessions: QuerySet[Session], field: str, text: str) -> QuerySet[Session]:
    """Those whose `field` holds `text`, whatever the case. Its words stand in `search` too, which has the index."""
    text = text.strip()
    if field == "recipients":
        together = Func(F("recipients"), Value(" "), function="array_to_string", output_field=TextField())
        sessions, field = sessions.alias(every=together), "every"
    return with_text(sessions, text).filter(**{f"{field}__icontains": text})


def from_address(sessions: QuerySet[Session], text: str) -> QuerySet[Session]:
    """Those from an address, from a network (`192.0.2.0/24`), or from what begins so (`192.0.2.`)."""
    text = text.strip().lower()
    if "/" not in text:
        return sessions.filter(remote_address__startswith=text)
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return sessions.none()
    whole = str(network.network_address).split(".")[: network.prefixlen // 8] if network.version == 4 else []
    beginning = ".".join(whole) + ("." if 0 < len(whole) < 4 else "")  # what all its addresses share has an index
    inside = sessions.filter(remote_address__startswith=beginning)
    return inside.extra(where=["remote_address::inet <<= %s::inet"], params=[str(network)])


def moment(text: str) -> datetime | None:
    """A time of day as the form gives it, in UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def oldest_first(sessions: QuerySet[Session]) -> Iterator[Session]:
    """All of them with their events, some at a time: no cursor stays open and memory stays flat."""
    ordered = sessions.order_by("started_at", "session_id")
    last: Session | None = None
    while True:
        after = Q(started_at__gt=last.started_at) | Q(session_id__gt=last.session_id) if last else Q()
        rows = ordered.filter(after, **{"started_at__gte": last.started_at} if last else {})
        batch = list(rows.defer("search")[:EXPORTED_AT_ONCE])
        yield from batch
        if len(batch) < EXPORTED_AT_ONCE:
            return
        last = batch[-1]
