"""When a certificate is renewed, and when what failed is tried again. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=5), timedelta(hours=6)
AFTER_UNFIT = timedelta(days=1)
"""Until another certificate is asked for, when the one that was issued was of no use: authorities count them."""
LONGEST_ALARM = timedelta(days=30)
LONGEST_PATIENCE = timedelta(days=7)
"""For which an authority that asks us to wait is obeyed: the longest of the usual rate limits."""


def renewal(not_before: datetime, not_after: datetime, wanted: datetime | None) -> datetime:
    """When to renew: as the authority or somebody here wants, at the latest while a quarter of its life is left; else
    when a third of it is left, so that lives of 6 days, 47 and 398 do alike.
    """
    life = not_after - not_before
    return min(wanted, not_after - life / 4) if wanted else not_after - life / 3


def soon(not_before: datetime, not_after: datetime) -> timedelta:
    """With less than that left a certificate is named: a quarter of its life, by which it should have been renewed, of
    a long one 30 days.
    """
    return min((not_after - not_before) / 4, LONGEST_ALARM)


def back_off(failures: int) -> timedelta:
    """After so many failures in a row: twice as long each time."""
    return min(FIRST_WAIT * (1 << min(failures - 1, 20)), LONGEST_WAIT)


def wait(header: str, now: datetime) -> timedelta | None:
    """What Retry-After says, seconds or a date (RFC 9110 §10.2.3); None where it says nothing that can be read."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), LONGEST_PATIENCE)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(timedelta(), min(until - now, LONGEST_PATIENCE))
