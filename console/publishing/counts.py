"""What happened how often, by name: read for the pages, and gathered into hours when it is long ago."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Trunc
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console import clock
from console.publishing.models import Count, Traffic

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
KEPT = timedelta(days=7) + HOUR
MOST = 100
"""Names of one kind that are kept of an hour: those with the most."""
OTHERS = ""

INTO_HOURS = """
WITH gone AS (
    DELETE FROM publishing_count WHERE at >= %(since)s AND at < %(until)s AND at <> date_trunc('hour', at) RETURNING *)
INSERT INTO publishing_count (what, by, name, connector, at, n)
SELECT what, by, name, connector, date_trunc('hour', at), sum(n) FROM gone GROUP BY 1, 2, 3, 4, 5
ON CONFLICT (what, by, name, connector, at) DO UPDATE SET n = publishing_count.n + excluded.n
"""
FEW_NAMES = """
WITH ranked AS (
    SELECT what, by, name, connector, at, row_number() OVER (PARTITION BY what, by, at ORDER BY n DESC) AS place
    FROM publishing_count WHERE at >= %(since)s AND at < %(until)s AND by IN ('client', 'sender') AND name <> ''),
gone AS (
    DELETE FROM publishing_count c USING ranked r
    WHERE r.place > %(most)s AND (c.what, c.by, c.name, c.connector, c.at) = (r.what, r.by, r.name, r.connector, r.at)
    RETURNING c.*)
INSERT INTO publishing_count (what, by, name, connector, at, n)
SELECT what, by, '', '', at, sum(n) FROM gone GROUP BY what, by, at
ON CONFLICT (what, by, name, connector, at) DO UPDATE SET n = publishing_count.n + excluded.n
"""


@dataclass(frozen=True)
class Span:
    """How far back one looks, and in which steps."""

    name: str
    label: str | Promise
    steps: int
    step: timedelta

    @property
    def days(self) -> bool:
        """Whether it takes more than one."""
        return self.step > HOUR

    def since(self) -> datetime:
        """The beginning of the first step; the last one is under way. Hours and longer steps begin with an hour."""
        unit = MINUTE if self.step < HOUR else HOUR
        now = clock.now().replace(second=0, microsecond=0)
        return (now if unit is MINUTE else now.replace(minute=0)) + unit - self.step * self.steps


SPANS = {
    span.name: span
    for span in (
        Span("1h", _("1 hour"), 60, MINUTE),
        Span("24h", _("24 hours"), 24, HOUR),
        Span("7d", _("7 days"), 28, 6 * HOUR),
    )
}


def span_of(asked: Mapping[str, str], usual: str = "1h") -> Span:
    """What a page was asked for in `range`."""
    return SPANS.get(asked.get("range", ""), SPANS[usual])


class Row(NamedTuple):
    """How often it was, and when last: the beginning of a minute or an hour."""

    name: str
    n: int
    last: datetime


def _of(what: str, by: str, since: datetime) -> QuerySet[Count]:
    return Count.objects.filter(what=what, by=by, at__gte=since).order_by()


def top(what: str, by: str, since: datetime, most: int | None = None, connector: str = "") -> list[Row]:
    """The names with the most, those that were not counted by name at the end; of clients through one connector."""
    rows = _of(what, by, since).filter(**{"connector": connector} if connector else {})
    every = rows.values_list("name").annotate(n=Sum("n"), last=Max("at")).order_by("-n", "name")
    named = list(every.exclude(name=OTHERS)[:most])
    return [Row(*row) for row in [*named, *every.filter(name=OTHERS)]]


# What was not asked for goes once rows have become names: a comparison of each of a hundred thousand would cost more.
TOPS = """
SELECT what, by, name, n, last, total FROM (
    SELECT what, by, name, n, last, sum(n) OVER (PARTITION BY what, by) AS total,
        row_number() OVER (PARTITION BY what, by ORDER BY name = '', n DESC, name) AS place
    FROM (SELECT what, by, name, sum(n) AS n, max(at) AS last FROM publishing_count
        WHERE at >= %(since)s GROUP BY what, by, name) counted
    JOIN unnest(%(whats)s::text[], %(bys)s::text[]) asked(what, by) USING (what, by)) ranked
WHERE place <= %(most)s OR name = '' ORDER BY place
"""


class Top(NamedTuple):
    """The names of a kind with the most, and how often it was in all."""

    rows: list[Row]
    total: int


def tops(kinds: Sequence[tuple[str, str]], since: datetime, most: int) -> dict[tuple[str, str], Top]:
    """`top` and `total` of several kinds (what, by), from one statement."""
    whats, bys = zip(*kinds, strict=True)
    found = {kind: Top([], 0) for kind in kinds}
    with connection.cursor() as cursor:
        cursor.execute(TOPS, {"whats": list(whats), "bys": list(bys), "since": since, "most": most})
        for what, by, name, n, last, whole in cursor.fetchall():
            rows = [*found[what, by].rows, Row(name, int(n), last)]
            found[what, by] = Top(rows, int(whole))
    return found


def total(what: str, by: str, since: datetime, *names: str) -> int:
    """All of a kind, or those of some names."""
    rows = _of(what, by, since).filter(**{"name__in": names} if names else {})
    return rows.aggregate(n=Sum("n"))["n"] or 0


def last(what: str, by: str, name: str) -> datetime | None:
    """Before which time one name was counted last; None where nothing is known of it."""
    at: datetime | None = Count.objects.filter(what=what, by=by, name=name).aggregate(at=Max("at"))["at"]
    return at and at + (MINUTE if at.minute else HOUR)


def by_hour(what: Sequence[str], by: str, name: str, hours: int) -> list[tuple[datetime, dict[str, int]]]:
    """(hour, what → how often) of one name, the oldest of so many hours first; the last one is under way."""
    last = clock.now().replace(minute=0, second=0, microsecond=0)
    first = last - HOUR * (hours - 1)
    rows = Count.objects.filter(what__in=what, by=by, name=name, at__gte=first).order_by()
    found = {
        (hour, kind): n
        for hour, kind, n in rows.annotate(hour=Trunc("at", "hour")).values_list("hour", "what").annotate(n=Sum("n"))
    }
    every = [first + HOUR * place for place in range(hours)]
    return [(hour, {kind: found.get((hour, kind), 0) for kind in what}) for hour in every]


STEPS = """
SELECT date_bin(%(step)s::interval, at, %(since)s) AS begun, sum(n) FROM publishing_count
WHERE what = %(what)s AND by = %(by)s AND at >= %(since)s AND (%(name)s = '' OR name = %(name)s) GROUP BY begun
"""


def by_step(what: str, by: str, span: Span, name: str = "") -> list[tuple[datetime, dict[str, int]]]:
    """(beginning, what → how often) of each step of a span, the oldest first; of all names, or of one."""
    since = span.since()
    with connection.cursor() as cursor:
        cursor.execute(STEPS, {"step": str(span.step), "since": since, "what": what, "by": by, "name": name})
        found = {at: int(n) for at, n in cursor.fetchall()}
    every = [since + span.step * place for place in range(span.steps)]
    return [(at, {what: found.get(at, 0)}) for at in every]


def known_before(what: str, by: str, names: Sequence[str], before: datetime) -> set[str]:
    """Those of the names that were counted before, as far back as counts are kept."""
    rows = Count.objects.filter(what=what, by=by, name__in=names, at__lt=before).order_by()
    return set(rows.values_list("name", flat=True).distinct())


def gather() -> None:
    """Minutes of hours that ended more than an hour ago become one row; what is older than a week goes."""
    until = clock.now().replace(minute=0, second=0, microsecond=0) - HOUR
    old = clock.now() - KEPT
    Count.objects.filter(at__lt=old).delete()
    Traffic.objects.filter(minute__lt=old).delete()
    minutes = Count.objects.filter(~Q(at__minute=0), at__lt=until)
    since = minutes.aggregate(first=Min("at"))["first"]
    if since is None:
        return
    whole = {"since": since.replace(minute=0), "until": until, "most": MOST}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(INTO_HOURS, whole)
        cursor.execute(FEW_NAMES, whole)
