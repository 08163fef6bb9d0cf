"""What came of *Retry now*, told where it was chosen: the recipients that it concerned are looked at until none of them
is being tried any more. Which ones they are is kept in Valkey (Redis); without it the queue alone tells.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import time
from zlib import crc32

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from redis import RedisError

from console.crud.access import RoleRequired
from console.queues import queries, remedies
from console.queues.models import QueuedRecipient, Status
from console.queues.standing import Standing

MOST = 1000
"""Recipients that are looked at; of more, those that came first."""
REASONS = 2
"""Why others wait is said of the most frequent reasons."""
FOLLOWED = 600.0
"""Seconds after which nobody looks any more: a next hop that takes longer is told by its queue."""
NAME = "queues.outcome."
"""Where the cache holds it, before the token."""
UNDER_WAY = frozenset({"Ready", "Active", "Connecting"})


@dataclass(frozen=True, slots=True)
class Followed:
    """`what` was tried, in words; its recipients, at most `MOST`, of so many; `since`: Unix seconds."""

    what: str
    recipients: tuple[int, ...]
    of: int
    since: float


@dataclass(frozen=True, slots=True)
class Said:
    """How it stands. `ended`: nothing will change any more, or nobody looks any more."""

    words: str
    tone: str
    ended: bool

    @property
    def told(self) -> tuple[str, bool]:
        """For who sees no tone."""
        return self.words, self.ended

    @property
    def mark(self) -> str:
        """Whoever has shown the words need not show them again."""
        return f"{crc32(self.words.encode()):x}"


def waiting(queues: Iterable[str]) -> list[int]:
    """Recipients that a retry of queues concerns, those included that are being tried already."""
    found = QueuedRecipient.objects.filter(next_hop__in=list(queues), status=Status.READY)
    return list(found.order_by("pk").values_list("pk", flat=True)[:MOST])


def remember(what: str, recipients: Sequence[int], of: int) -> tuple[Followed, str]:
    """Keep what is to be followed, with the token under which it is found, empty where it cannot be kept."""
    token = secrets.token_urlsafe(16)
    followed = Followed(what, tuple(recipients[:MOST]), max(of, len(recipients)), time())
    try:
        cache.set(NAME + token, followed, FOLLOWED * 2)
    except RedisError:
        return followed, ""
    return followed, token


def follow(request: HttpRequest, text: str, what: str, recipients: Sequence[int], of: int) -> None:
    """Say `text` in the page that comes next; with scripts, how it goes on takes its place."""
    _followed, token = remember(what, recipients, of) if recipients else (None, "")
    part = '<span hx-get="{}" hx-trigger="load" hx-target="closest .message" hx-swap="outerHTML">{}</span>'
    messages.success(request, format_html(part, address(token), text) if token else text)


def address(token: str) -> str:
    """Where a page asks; empty without a token."""
    return token and reverse("queues:outcome", args=[token])


def recall(token: str) -> Followed | None:
    """None where nobody knows it any more."""
    try:
        found: Followed | None = cache.get(NAME + token)
    except RedisError:
        return None
    return found


def look(followed: Followed) -> Said:
    """How it stands now."""
    rows = list(QueuedRecipient.objects.filter(pk__in=followed.recipients).order_by("pk"))
    every = queries.standings(rows)
    trying = sum(each.status in UNDER_WAY for each in every)
    late = time() > followed.since + FOLLOWED
    parts = _parts([each for each in every if each.status not in UNDER_WAY])
    if trying and not parts:
        parts = [_("still trying")]
    elif trying:
        parts.append(ngettext("%d is still being tried", "%d are still being tried", trying) % trying)
    words = f"{_heading(followed)}: {', '.join(parts) or _('nothing of it is known any more')}."
    if trying and late:
        words += " " + _("The queue says how it goes on.")
    good = bool(every) and all(each.status == "Complete" for each in every)
    return Said(words, "info" if trying else "success" if good else "warning", late or not trying)


def _heading(followed: Followed) -> str:
    if followed.of <= len(followed.recipients):
        return followed.what
    numbers = {"what": followed.what, "n": f"{len(followed.recipients):,}", "of": f"{followed.of:,}"}
    return _("%(what)s, the first %(n)s of %(of)s recipients") % numbers


def _parts(ended: list[Standing]) -> list[str]:
    """What became of those that are not being tried, in words."""
    by = Counter(each.status for each in ended)
    done = {
        "Complete": ngettext("%d delivered", "%d delivered", by["Complete"]),
        "Removed": ngettext("%d removed", "%d removed", by["Removed"]),
        "Suspended": ngettext("%d is suspended", "%d are suspended", by["Suspended"]),
        "Kept": ngettext("%d is kept", "%d are kept", by["Kept"]),
    }
    parts = [text % by[status] for status, text in done.items() if by[status]]
    for reason, n in _reasons(each for each in ended if each.status == "Failed"):
        parts.append(ngettext("%(n)d failed: %(why)s", "%(n)d failed: %(why)s", n) % {"n": n, "why": reason})
    for reason, n in _reasons(each for each in ended if each.status == "Retry"):
        parts.append(ngettext("%(n)d waits: %(why)s", "%(n)d wait: %(why)s", n) % {"n": n, "why": reason})
    return parts


def _reasons(some: Iterable[Standing]) -> list[tuple[str, int]]:
    """What was said, the most frequent first; the rest is one."""
    by = Counter(remedies.in_words(each.error).rstrip(".") or _("nothing was said") for each in some)
    shown = by.most_common(REASONS)
    others = by.total() - sum(n for _reason, n in shown)
    return [*shown, (_("other reasons"), others)] if others else shown


class OutcomePart(RoleRequired):
    """A part of a page, which asks for it again until it has ended."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        followed = recall(token)
        if followed is None:
            return HttpResponse(status=STOP)
        said = look(followed)
        if said.mark == request.GET.get("shown") and not said.ended:
            return HttpResponse(status=204)
        return render(request, "queues/outcome.html", {"said": said, "url": address(token)})


STOP = 286
"""htmx: nobody asks again (https://htmx.org/docs/#polling)."""
