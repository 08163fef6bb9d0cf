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
    restored.
    """
    oldest, here = now - timedelta(days=days), accumulate(each.is_here for each in there)
    stays = {0, next((number for number, each in enumerate(there) if each.is_whole), 0)}
    return [
        number
        for number, (each, before) in enumerate(zip(there, here, strict=True))
        if number not in stays and (each.begun < oldest or (each.is_here and before > kept))
    ]
