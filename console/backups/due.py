"""When a backup is due, and which ones may go. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta


def is_due(now: datetime, at: time | None, since: datetime) -> bool:
    """Whether the hour of the day came after the last backup was begun, or the schedule changed (`since`)."""
    if at is None:
        return False
    today = now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    return since < (today if today <= now else today - timedelta(days=1))


def to_delete(begun: Sequence[datetime], now: datetime, kept: int, days: int) -> list[int]:
    """Of those that are there, newest first, the places of those that may go: never the newest."""
    oldest = now - timedelta(days=days)
    return [number for number, moment in enumerate(begun) if number and (number >= kept or moment < oldest)]
