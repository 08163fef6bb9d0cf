"""When a backup is due, and which ones may go. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from itertools import accumulate
from typing import NamedTuple

DAY = timedelta(days=1)


class Kept(NamedTuple):
    """A backup that is there. `is_here`: where backups are made now."""

    begun: datetime
    is_here: bool = True
    is_whole: bool | None = True


def is_due(now: datetime, at: time | None, *moments: datetime) -> bool:
    """Whether the hour of the day came after all of these: the last backup was begun, the schedule changed. What lies
    more than a day ahead was written by a clock that was wrong, and counts for nothing.
    """
    if at is None:
        return False
    today = now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    latest = today if today <= now else today - DAY
    return all(each < latest or each > now + DAY for each in moments)


def to_delete(there: Sequence[Kept], now: datetime, kept: int, days: int) -> list[int]:
    """Of those that are there, in the order in which they were made, the newest first, the places of those that may
    go: by age wherever they lie, by number where backups are made now. Never the newest, nor the newest that can be
    restored; and by age no more than half of them at a time, the oldest: a clock that jumped ahead makes all of them
    old at once.
    """
    oldest, here = now - timedelta(days=days), accumulate(each.is_here for each in there)
    stays = {0, next((number for number, each in enumerate(there) if each.is_whole), 0)}
    may_go = [number for number in range(len(there)) if number not in stays]
    too_many = {number for number, before in enumerate(here) if there[number].is_here and before > kept}
    old = [number for number in may_go if there[number].begun < oldest][-((len(there) + 1) // 2) :]
    return [number for number in may_go if number in {*too_many, *old}]
