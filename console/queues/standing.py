"""How a recipient stands: by itself, and by its next hop, whose trouble is its own for as long as it waits there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from console import clock
from console.queues.models import Message, QueuedRecipient, Status
from console.queues.queue import Queue

WAITING = (Status.READY, Status.SUSPENDED)
ENDED = {Status.DELIVERED: "Complete", Status.FAILED: "Failed", Status.REMOVED: "Removed"}


@dataclass(frozen=True, slots=True)
class Standing:
    """A recipient with its queue, which is None where nobody knows it any more."""

    recipient: QueuedRecipient
    queue: Queue | None = None

    @property
    def pk(self) -> int:
        return self.recipient.pk

    @property
    def message(self) -> Message:
        return self.recipient.message

    @property
    def waits(self) -> bool:
        return self.recipient.status in WAITING

    @property
    def is_suspended(self) -> bool:
        """By itself, whatever its queue is."""
        return self.recipient.status == Status.SUSPENDED

    @property
    def status(self) -> str:
        """Exchange's word: Active, Ready, Retry, Suspended, Complete, Failed or Removed; or Kept, which is ours."""
        each = self.recipient
        if not self.waits:
            return ENDED[Status(each.status)]
        if self.is_suspended:
            return "Suspended"
        if each.claimed_by is not None:
            return "Active"
        of_queue = self.queue.status if self.queue else "Ready"
        return "Retry" if of_queue == "Ready" and each.due_at > clock.now() else of_queue

    @property
    def next_attempt(self) -> datetime | None:
        """Not before its queue's; None where nothing is tried before somebody does something."""
        if self.status in ("Suspended", "Kept") or not self.waits:
            return None
        if self.queue is None:
            return self.recipient.due_at
        if self.queue.held and self.queue.held_until is None:
            return None
        later = (self.recipient.due_at, self.queue.retry_at, self.queue.held_until if self.queue.held else None)
        return max(each for each in later if each is not None)

    @property
    def expires_at(self) -> datetime:
        """When it is given up: its queue may say so instead of the organization."""
        message, after = self.message, self.queue.expires_after if self.queue else None
        return message.expires_at if after is None else message.accepted_at + timedelta(seconds=after)

    @property
    def error(self) -> str:
        """What was said last, of it or, where it was not tried itself, of its queue."""
        own = self.recipient.last_error
        return own or (self.queue.error if self.queue and self.waits else "")

    @property
    def held_by(self) -> tuple[str, datetime | None]:
        """Why it is suspended, by itself or with its queue, and until when."""
        if self.is_suspended:
            return self.recipient.held_for, self.recipient.held_until
        if self.waits and self.queue and self.queue.suspended:
            return self.queue.suspended_for, self.queue.suspended_until
        return "", None
