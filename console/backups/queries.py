"""What is known of backups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from console import clock
from console.backups import due
from console.backups.models import Restored, Run, Schedule
from console.queues.models import RESTORED, QueuedRecipient, Status

SHOWN = 100
LATE = timedelta(hours=26)
UNCHECKED = timedelta(days=30)
COUNTED = 100_000
"""Recipients that are held: no more of them are counted."""


def schedule() -> Schedule:
    """One that was never saved makes none."""
    return Schedule.objects.filter(pk=1).first() or Schedule(pk=1, changed_at=clock.now())


def runs() -> list[Run]:
    """The newest first."""
    return list(Run.objects.all()[:SHOWN])


def is_due(found: Schedule, now: datetime) -> bool:
    return due.is_due(now, found.at, found.changed_at, *(run.begun_at for run in Run.objects.all()[:1]))


def to_delete(found: Schedule, now: datetime) -> list[Run]:
    """Of what lies in any place."""
    there = list(Run.objects.filter(is_there=True))
    kept = [due.Kept(run.begun_at, run.place == found.place, run.is_whole) for run in there]
    return [there[number] for number in due.to_delete(kept, now, found.kept, found.kept_days)]


@dataclass(frozen=True)
class Trouble:
    """What is amiss with scheduled backups. `last`: the newest one, of which the words are known."""

    is_late: bool
    failed: Run | None
    not_whole: Run | None
    is_unchecked: bool


def trouble() -> Trouble | None:
    """None where none are scheduled, or all is well."""
    found = schedule()
    if found.at is None:
        return None
    now = clock.now()
    last, good = Run.objects.first(), Run.objects.filter(is_there=True).first()
    since = max(found.changed_at, good.begun_at) if good else found.changed_at
    checked = Run.objects.filter(is_whole=True).first()
    was_checked = checked is not None and checked.checked_at is not None and now - checked.checked_at < UNCHECKED
    failed = last if last and last.failed else None
    not_whole = good if good and good.is_whole is False else None
    told = Trouble(now - since > LATE, failed, not_whole, good is not None and not was_checked and not not_whole)
    return told if told.is_late or failed or not_whole or told.is_unchecked else None


def held() -> QuerySet[QueuedRecipient]:
    """Mail that came out of a backup and waits for somebody to say what becomes of it."""
    return QueuedRecipient.objects.filter(status=Status.SUSPENDED, held_for=RESTORED)


def restored() -> tuple[Restored, int] | None:
    """The backup that this copy was made of, and how many recipients of it are held yet; None once there are none."""
    found = Restored.objects.first()
    count = held()[:COUNTED].count() if found else 0
    return (found, count) if found and count else None
