"""A queue as it stands now: a value, for pages, shell and overview."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console import clock
from transport.send.route import POISON, UNREACHABLE, DeliveryType

SUBMISSION = "submission"
"""The key of what the journals hold: no next hop is chosen for it yet."""
FAILING_LONG = 3600
"""Seconds after which a next hop that fails needs attention; so does mail that has waited so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A next hop with what waits for it. `came` and `went` are recipients per second, over the last minute.

    `messages` is 0 until `queries.counted` has counted them; `recipients` always is, and `resting` of them are
    suspended one by one. `held`: why its Send connector sends nothing now, until `held_until` (None: until somebody
    mends it). `kept`: it waits to be asked for. `expires_after`: seconds after which its mail comes back, where that is
    not as the organization has it. `crowded`: a limit of connections that keeps its mail (`crowding.explained`).
    """

    key: str
    delivery_type: str
    domain: str
    connector: str = ""
    suspended: bool = False
    suspended_for: str = ""
    suspended_until: datetime | None = None
    last_error: str = ""
    retry_count: int = 0
    retry_at: datetime | None = None
    last_retry_at: datetime | None = None
    failing_since: datetime | None = None
    kept: bool = False
    expires_after: int | None = None
    messages: int = 0
    recipients: int = 0
    deferred: int = 0
    resting: int = 0
    active: int = 0
    oldest: datetime | None = None
    next_due: datetime | None = None
    came: float = 0.0
    went: float = 0.0
    held: str = ""
    held_until: datetime | None = None
    crowded: str = ""

    @property
    def status(self) -> str:
        """Exchange's word: Active, Connecting, Ready, Retry or Suspended (Exchange reference, section 8.4). Kept is
        ours: nothing is tried until it is asked for.
        """
        if self.suspended or self.rests:
            return "Suspended"
        if self.kept:
            return "Kept"
        if self.held or (self.retry_at and self.retry_at > clock.now()):
            return "Retry"
        if self.active:
            return "Connecting" if self.retry_count else "Active"
        return "Retry" if self.all_wait else "Ready"

    @property
    def rests(self) -> bool:
        """Each of its messages is suspended: there is nothing to send, though nobody has suspended the queue."""
        return 0 < self.recipients == self.resting

    @property
    def all_wait(self) -> bool:
        """What is not suspended waits for its next attempt."""
        return 0 < self.deferred == self.recipients - self.resting

    @property
    def next_retry_at(self) -> datetime | None:
        """When something is tried again; None while something is tried now, or nothing waits."""
        if self.held:
            return self.held_until
        if self.retry_at and self.retry_at > clock.now():
            return self.retry_at
        return self.next_due if self.all_wait else None

    @property
    def error(self) -> str:
        """Why it waits, as it was said."""
        return self.held or self.last_error

    @property
    def velocity(self) -> float:
        """Positive: it empties (Exchange reference, section 8.4)."""
        return self.went - self.came

    @property
    def kind(self) -> DeliveryType | None:
        """None for what no transport knows, as Submission."""
        return DeliveryType(self.delivery_type) if self.delivery_type in set(DeliveryType) else None

    @property
    def is_external(self) -> bool:
        return self.kind is not None and self.kind.is_remote

    @property
    def is_submission(self) -> bool:
        return self.key == SUBMISSION

    @property
    def is_poison(self) -> bool:
        return self.key == POISON.key

    @property
    def is_unreachable(self) -> bool:
        return self.key == UNREACHABLE.key

    @property
    def fails_long(self) -> bool:
        return self.failing_since is not None and _seconds_since(self.failing_since) > FAILING_LONG

    @property
    def is_old(self) -> bool:
        """Something has waited so long that somebody should look, and nobody holds it back."""
        old = self.oldest is not None and _seconds_since(self.oldest) > FAILING_LONG
        return old and self.recipients > 0 and not (self.suspended or self.kept or self.is_poison)


def _seconds_since(moment: datetime) -> float:
    return (clock.now() - moment).total_seconds()
