"""A link that is not always up: when it is brought up and taken down (Sending mail outward, section 3.5).

Mail that waits brings it up; when nothing was sent for a while it is taken down. What a link is, and its commands,
stands in `links.toml` of the machine.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec
from msgspec.structs import replace

FIRST_WAIT, LONGEST_WAIT = 30.0, 900.0
"""Seconds until a link that did not come up is tried again: twice as long each time."""
Command = tuple[str, ...]


def require_whole_paths(first: Command, *others: Command) -> None:
    """Raises ValueError when there is no first command, or one does not begin with the whole path of a program."""
    if not first or not all(command[:1] == () or command[0].startswith("/") for command in (first, *others)):
        raise ValueError("the commands are lists that begin with the whole path of a program")


class State(StrEnum):
    DOWN = "down"
    COMING_UP = "coming up"
    UP = "up"
    DRAINING = "draining"


class Act(StrEnum):
    """What is to be done with it, and what is said of the attempt."""

    BRING_UP = "It did not come up"
    TAKE_DOWN = "It could not be taken down"
    CHECK = "It went down"


class Spec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a link is handled: commands as lists of arguments. `check` exits 0 while it is up; without it the end of `up`
    says so. Without `down` it is never taken down. In seconds: `timeout` for each command, `hold` that it stays up at
    least, `idle` without mail until it is taken down.
    """

    up: Command
    down: Command = ()
    check: Command = ()
    timeout: float = 60.0
    hold: float = 60.0
    idle: float = 300.0

    def __post_init__(self) -> None:
        require_whole_paths(self.up, self.down, self.check)
        if not 1 <= self.timeout <= 600 or self.hold < 0 or self.idle < 1:
            raise ValueError("timeout is 1 to 600 seconds, hold 0 or more, idle 1 or more")


class Link(msgspec.Struct, frozen=True):
    """What is known of a link. `since`: when it came into its state, `used_at`: when mail last went over it, both in
    seconds since 1970; `failures`: so many times in a row it did not come up; `words`: what was said then.
    """

    state: State = State.DOWN
    since: float = 0.0
    used_at: float = 0.0
    failures: int = 0
    words: str = ""

    @property
    def next_try(self) -> float:
        """When mail may bring it up again, in seconds since 1970."""
        if not self.failures:
            return self.since
        return self.since + min(FIRST_WAIT * 2.0 ** min(self.failures - 1, 10), LONGEST_WAIT)


Step = tuple[Link, Act | None]
"""The link from now on, and what somebody has to do now."""


def wanted(link: Link, now: float) -> Step:
    """Mail wants to leave over it, and nobody is at work on it: who was has died."""
    if link.state is State.UP:
        return replace(link, used_at=now), None
    if link.state is State.DOWN and now < link.next_try:
        return link, None
    return replace(link, state=State.COMING_UP, since=now), Act.BRING_UP


def tended(link: Link, spec: Spec, now: float, *, busy: bool) -> Step:
    """Time goes by, and nobody is at work on it. `busy`: mail is on its way over it."""
    match link.state:
        case State.DOWN:
            return link, None
        case State.COMING_UP:
            return replace(link, since=now), Act.BRING_UP
        case State.DRAINING:
            return replace(link, since=now), Act.TAKE_DOWN
    if busy:
        link = replace(link, used_at=now)
    if spec.down and now - link.used_at >= spec.idle and now - link.since >= spec.hold:
        return replace(link, state=State.DRAINING, since=now), Act.TAKE_DOWN
    return link, Act.CHECK if spec.check else None


def ended(link: Link, act: Act, words: str, now: float) -> Link:
    """An act came to its end; `words` say why it failed, and are empty where it did not. What a script said of the link
    meanwhile counts more.
    """
    if link.state is not _DURING[act]:
        return link
    if act is Act.BRING_UP:
        return Link(State.UP, now, now) if not words else Link(State.DOWN, now, link.used_at, link.failures + 1, words)
    if act is Act.TAKE_DOWN:
        return Link(State.DOWN, now, link.used_at) if not words else Link(State.UP, now, link.used_at, 0, words)
    return link if not words else Link(State.DOWN, now, link.used_at, 0, words)


_DURING = {Act.BRING_UP: State.COMING_UP, Act.TAKE_DOWN: State.DRAINING, Act.CHECK: State.UP}


def told(link: Link, is_up: bool, now: float) -> Link:
    """A script says so, whatever we thought."""
    if is_up:
        return link if link.state is State.UP else Link(State.UP, now, now)
    return Link(State.DOWN, now, link.used_at)
