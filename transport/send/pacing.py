"""How fast mail may leave with an account, so that its provider never has to refuse us; and when all of it has left.

Source: Sending mail outward, sections 1.2, 1.5 and 1.7.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from transport.config import providers
from transport.config.send_connector import Provider

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
AT_MOST = 30 * DAY
"""A forecast beyond this is none."""


class Window(msgspec.Struct, frozen=True):
    """At most so many messages (or recipients) in any span of so many seconds."""

    seconds: float
    most: int
    of_recipients: bool = False


class Quota(msgspec.Struct, frozen=True):
    """What an account may do. `connections`: at one time; None: as many as the connector may have."""

    account: str
    connections: int | None = None
    windows: tuple[Window, ...] = ()


class Spent(msgspec.Struct, frozen=True):
    """What was sent with an account, up to `ago` seconds ago."""

    ago: float
    messages: int
    recipients: int


NO_LIMITS = Quota("")


def quota(
    account: str, provider: Provider, connections: int | None, per_minute: int | None, per_day: int | None
) -> Quota:
    """Of an account at a provider: its own limits, and the provider's where it has none (None). An own limit counts
    what the provider's counts, messages or recipients.
    """
    usual = providers.limits_of(provider)
    of_recipients = usual.day_counts_recipients
    windows = (
        (MINUTE, usual.messages_per_minute if per_minute is None else per_minute, usual.minute_counts_recipients),
        (HOUR, usual.messages_per_hour, False),
        (DAY, usual.messages_per_day if per_day is None or of_recipients else per_day, False),
        (DAY, per_day if per_day is not None and of_recipients else usual.recipients_per_day, True),
    )
    found = tuple(Window(seconds, most, of) for seconds, most, of in windows if most is not None)
    return Quota(account, usual.connections if connections is None else connections, found)


def words(quota: Quota) -> str:
    """The limits of an account, for people: `30 messages a minute and 10,000 recipients a day`."""
    spans = {MINUTE: "a minute", HOUR: "an hour", DAY: "a day"}
    each = [
        f"{window.most:,} {'recipient' if window.of_recipients else 'message'}{'s' * (window.most != 1)} "
        f"{spans.get(window.seconds, f'in {window.seconds:g} s')}"
        for window in quota.windows
    ]
    return " and ".join(each)


def seconds_until_empty(waiting: int, accounts: Iterable[tuple[Quota, list[Spent]]]) -> float | None:
    """When so many messages (of one recipient each) will have left with these accounts; None: nothing holds them up, or
    not within `AT_MOST`.
    """
    known = list(accounts)
    if not waiting or not known or any(not quota.windows for quota, _ in known):
        return None
    low, high = 0.0, AT_MOST
    if sum(_by(high, quota, spent) for quota, spent in known) < waiting:
        return None
    while high - low > 1:
        middle = (low + high) / 2
        if sum(_by(middle, quota, spent) for quota, spent in known) < waiting:
            low = middle
        else:
            high = middle
    return high


def _by(seconds: float, quota: Quota, spent: list[Spent]) -> int:
    """How many messages may have left with an account so many seconds from now."""
    return min(_within(seconds, window, spent) for window in quota.windows)


def _within(seconds: float, window: Window, spent: list[Spent]) -> int:
    whole = int(seconds // window.seconds)
    still = [one for one in spent if window.seconds - one.ago > seconds - whole * window.seconds and not whole]
    used = sum(one.recipients if window.of_recipients else one.messages for one in still)
    return max(0, window.most * (whole + 1) - used)
