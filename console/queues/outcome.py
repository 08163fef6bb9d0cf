"""What came of *Retry now*, in words: of the recipients that it concerned, until none of them is tried any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zlib import crc32

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.queues import remedies
from console.queues.standing import Standing

MOST = 1000
"""Recipients that are looked at; of more, those that came first."""
REASONS = 2
"""Why others wait is said of the most frequent reasons."""
FOLLOWED = 600.0
"""Seconds after which nobody looks any more: a next hop that takes longer is told by its queue."""
UNDER_WAY = frozenset({"Ready", "Active", "Connecting"})


@dataclass(frozen=True, slots=True)
class Followed:
    """`what` was tried, in words; its recipients, at most `MOST`, of so many; `since`: Unix seconds."""

    what: str
    recipients: tuple[int, ...]
    of: int
    since: float

    @property
    def heading(self) -> str:
        if self.of <= len(self.recipients):
            return self.what
        numbers = {"what": self.what, "n": f"{len(self.recipients):,}", "of": f"{self.of:,}"}
        return _("%(what)s, the first %(n)s of %(of)s recipients") % numbers


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


def said(followed: Followed, every: Sequence[Standing], now: float) -> Said:
    """How its recipients stand. `now` in Unix seconds."""
    trying = sum(each.status in UNDER_WAY for each in every)
    late = now > followed.since + FOLLOWED
    parts = _parts([each for each in every if each.status not in UNDER_WAY])
    if trying and not parts:
        parts = [_("still trying")]
    elif trying:
        parts.append(ngettext("%d is still being tried", "%d are still being tried", trying) % trying)
    words = f"{followed.heading}: {', '.join(parts) or _('nothing of it is known any more')}."
    if trying and late:
        words += " " + _("The queue says how it goes on.")
    good = bool(every) and all(each.status == "Complete" for each in every)
    return Said(words, "info" if trying else "success" if good else "warning", late or not trying)


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
