"""What the end of a connection means for the messages that wait for it: it is no answer about any of them. They are
asked again, more slowly, or elsewhere (RFC 5321 §5.1).
"""

from __future__ import annotations

from enum import Enum, IntEnum

import msgspec


class Pace(IntEnum):
    """How much is sent before an answer is read. RFC 2920 lets a host that offers PIPELINING take all of it; some do
    not.
    """

    SINGLE = 0
    """One command at a time."""
    GROUPED = 1
    """The envelope of a message together."""
    AHEAD = 2
    """And that together with the end of the message before."""


class End(msgspec.Struct, frozen=True):
    """How a connection ended: `pace`: how fast we spoke; `answered`: messages were answered on it; `heard`: MAIL of the
    message in hand was, too; `early`: an envelope had been sent before its turn and not been taken; `took_early`:
    another had been taken; `order`: the answer was that of a host that wants nothing before its turn; `hung_up`: it
    ended without a word; `struck`: another message ended a connection to this host just before, in the same way.
    """

    pace: Pace
    answered: bool = False
    heard: bool = False
    early: bool = False
    took_early: bool = False
    order: bool = False
    hung_up: bool = False
    struck: bool = False


class Next(Enum):
    """What to do with a host."""

    AGAIN = "ask it again, on a new connection, beginning with the message in hand"
    WITHOUT = "put the message in hand off, and go on with the others on a new connection"
    ELSEWHERE = "go to the next host with all of them"


def after(end: End) -> tuple[Next, Pace]:
    """What follows, and how fast to speak then. AGAIN never comes twice without an answer or a slower pace between."""
    if end.early and (end.order or not end.took_early):
        return Next.AGAIN, Pace.GROUPED
    if end.order:
        return Next.AGAIN, Pace.SINGLE
    if end.answered:
        return Next.AGAIN, end.pace
    if not end.heard and end.hung_up and end.pace > Pace.SINGLE:
        return Next.AGAIN, Pace.SINGLE
    if end.heard and not end.struck:
        return Next.WITHOUT, end.pace
    return Next.ELSEWHERE, end.pace
