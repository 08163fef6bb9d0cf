"""What delivery carries: one message with those of its recipients that go the same way."""

from dataclasses import dataclass, field
from uuid import UUID

from transport.send.conversion import AS_IT_IS, Plan


@dataclass(slots=True)
class Parcel:
    """`recipients` maps rows to addresses. `content` holds small messages; others stay in the database.

    `size` is in bytes; `accepted_at` in seconds since 1970; `alone`: the message has no other recipient anywhere.
    `notify` and `orcpt` map the rows that have one (RFC 3461 §4.1 and §4.2).
    `attempted`: some recipient was tried before, by a worker that may have died before it wrote down what came of it.
    `how`: as the host that is to have it can take it.
    """

    message_id: UUID
    sender: str
    body_type: str
    size: int
    accepted_at: float
    alone: bool
    smtp_utf8: bool
    ret: str
    envid: str
    recipients: dict[int, str] = field(default_factory=dict)
    notify: dict[int, str] = field(default_factory=dict)
    orcpt: dict[int, str] = field(default_factory=dict)
    content: bytes | None = None
    attempted: bool = False
    how: Plan = AS_IT_IS
