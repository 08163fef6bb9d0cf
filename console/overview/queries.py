"""What the overview shows, read from every app."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import NamedTuple
from urllib.parse import urlencode

from django.db.models import Sum
from django.db.models.functions import Trunc
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from console.crud.said import said
from console.publishing import counts
from console.publishing.chart import Chart, chart
from console.publishing.counts import Row, Span, Top
from console.publishing.models import Traffic
from console.queues.models import Content
from console.queues.queue import Queue
from console.tracking.refusals import refusal

TOP = 10


@dataclass(frozen=True)
class Step:
    """What the transports did in one step."""

    at: datetime
    connections: int = 0
    accepted: int = 0
    refused: int = 0


@dataclass(frozen=True)
class Ranked:
    """A name in the words of its list, with how often it was, and `unit`, what is counted; `url` leads to more about
    it, if anything does.
    """

    name: str
    n: int
    unit: str
    url: str = ""


@dataclass(frozen=True)
class Ranking:
    """The names of one kind with the most."""

    title: str | Promise
    of: str
    rows: list[Ranked]


def steps(span: Span) -> list[Step]:
    """Oldest first, all transports together; one without traffic is zero."""
    since = span.since()
    sums = Sum("connections"), Sum("accepted"), Sum("refused")
    found: dict[int, list[int]] = {}
    unit = Trunc("minute", "hour" if span.step >= counts.HOUR else "minute", tzinfo=UTC)
    for at, *values in Traffic.objects.filter(minute__gte=since).values_list(unit).annotate(*sums).order_by():
        place = (at - since) // span.step
        found[place] = [a + b for a, b in zip(found.get(place, (0, 0, 0)), values, strict=True)]
    return [Step(since + span.step * place, *found.get(place, (0, 0, 0))) for place in range(span.steps)]


def drawn(steps: list[Step]) -> Chart:
    """Accepted and refused, one on the other."""
    return chart([(step.at, {"accepted": step.accepted, "refused": step.refused}) for step in steps])


def totals(steps: list[Step]) -> dict[str, int]:
    """Of all steps."""
    return {name: sum(getattr(step, name) for step in steps) for name in ("connections", "accepted", "refused")}


REFUSED, CONNECTORS, CLIENTS = ("refused", "rule"), ("connected", "connector"), ("connected", "client")
SENDERS, DELIVERED = ("accepted", "sender"), ("delivered", "send connector")
DEFERRED, FAILED = ("deferred", "send connector"), ("failed", "send connector")
Tops = Mapping[tuple[str, str], Top]


def tops(span: Span) -> Tops:
    """Who and what there was most of, and of how many, as it was a few seconds ago; of a day or a week within a minute
    (`HELD`).
    """
    found, hold = _held.get(span.name), HELD if span.step >= counts.HOUR else HELD_OF_AN_HOUR
    if found is None or monotonic() - found.at >= hold:
        found = _held[span.name] = _Held(monotonic(), _tops(span))
    return found.tops


def forget() -> None:
    """What was found before holds no longer."""
    _held.clear()


class _Held(NamedTuple):
    at: float
    tops: Tops


HELD_OF_AN_HOUR, HELD = 5.0, 60.0
"""Seconds. It is read from every minute or hour of the span, and each open page asks every few seconds."""
_held: dict[str, _Held] = {}


def _tops(span: Span) -> Tops:
    kinds = (REFUSED, CONNECTORS, CLIENTS, SENDERS, DELIVERED, DEFERRED, FAILED)
    return counts.tops(kinds, span.since(), TOP)


def outcomes(tops: Tops) -> dict[str, int]:
    """Recipients of the mail that went on."""
    return {what: tops[what, by].total for what, by in (DELIVERED, DEFERRED, FAILED)}


def rankings(tops: Tops) -> list[Ranking]:
    """What the lists show."""
    log, mail = reverse("tracking:list"), reverse("events:list")
    ways: list[tuple[Promise, Callable[[int], str], tuple[str, str], Callable[[str], tuple[str, str]]]] = [
        (_("Refusals by reason"), lambda n: gettext("refused"), REFUSED, _rule),
        (_("Receive connectors"), _connections, CONNECTORS, _at(log, "connector")),
        (_("Clients"), _connections, CLIENTS, _at(log, "remote")),
        (_("Senders"), lambda n: ngettext("message", "messages", n), SENDERS, _at(mail, "sender")),
        (_("Send connectors"), lambda n: ngettext("recipient", "recipients", n), DELIVERED, _way),
    ]
    every = ((title, of, tops[kind].rows, told) for title, of, kind, told in ways)
    return [Ranking(title, of(0), [_ranked(row, of, told) for row in rows]) for title, of, rows, told in every if rows]


def _ranked(row: Row, of: Callable[[int], str], told: Callable[[str], tuple[str, str]]) -> Ranked:
    name, url = told(row.name) if row.name or told is _way else (gettext("all others"), "")
    return Ranked(name, row.n, of(row.n), url)


def _connections(n: int) -> str:
    return ngettext("connection", "connections", n)


def _at(url: str, field: str) -> Callable[[str], tuple[str, str]]:
    """A name as it stands, which leads to a list that is filtered by it."""
    return lambda name: (name, f"{url}?{urlencode({field: name})}")


def _rule(name: str) -> tuple[str, str]:
    found = refusal(name)
    return (said(found.rule.meaning).rstrip("."), found.url) if found else (name, "")


def _way(name: str) -> tuple[str, str]:
    if not name:
        return gettext("none: mailboxes, and hosts of accepted domains"), ""
    return name, f"{reverse('events:list')}?{urlencode({'q': name})}"


def queue_length() -> int:
    """Messages that still wait for at least one recipient: just these have their content in the queue."""
    return Content.objects.filter(number=0).count()


def oldest_waiting(waiting: Iterable[Queue]) -> datetime | None:
    """Since when something waits in a queue that nobody holds back."""
    return min((each.oldest for each in waiting if each.oldest and not each.suspended), default=None)
