"""What delivery carries: one message with those of its recipients that go the same way."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(slots=True)
class Parcel:
    """`recipients` maps rows to addresses. `content` holds small messages; others stay in the database.

    `size` is in bytes; `accepted_at` in seconds since 1970; `alone`: the message has no other recipient anywhere.
    `attempted`: some recipient was tried before, by a worker that may have died before it wrote down what came of it.
    """

    message_id: UUID
    sender: str
    body_type: str
    size: int
    accepted_at: float
    alone: bool
    recipients: dict[int, str]
    content: bytes | None = None
    attempted: bool = False
