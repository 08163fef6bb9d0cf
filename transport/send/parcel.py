"""What delivery carries: one message with those of its recipients that go the same way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from uuid import UUID

from transport.send.conversion import AS_IT_IS, Plan
from transport.send.remote_reply import Fate, Verdict

MOST_RECIPIENTS = 100
"""In one transaction: every server takes as many (RFC 5321 §4.5.3.1.8)."""

Verdicts = dict[int, Verdict]
"""Of recipients, by their rows."""


@dataclass(slots=True)
class Parcel:
    """`recipients` maps rows to addresses. `content` holds small messages; others stay in the database.

    The facts of an envelope that it names are taken from the queue (`transport.smtp.envelope`).
    `size` is in bytes; `accepted_at` in seconds since 1970; `alone`: the message has no other recipient anywhere.
    `notify` and `orcpt` map the rows that have one (RFC 3461 §4.1 and §4.2).
    `attempted`: some recipient was tried before, by a worker that may have died before it wrote down what came of it.
    `how`: as the host that is to have it can take it. `signature`: the fields that then stand in front of it.
    """

    id: UUID
    sender: str
    body_type: str
    size: int
    accepted_at: float
    alone: bool
    smtp_utf8: bool
    ret: str
    envid: str
    vouched: str = ""
    require_tls: bool = False
    recipients: dict[int, str] = field(default_factory=dict)
    notify: dict[int, str] = field(default_factory=dict)
    orcpt: dict[int, str] = field(default_factory=dict)
    content: bytes | None = None
    attempted: bool = False
    how: Plan = AS_IT_IS
    signature: bytes = b""

    @property
    def addresses(self) -> list[str]:
        """All that the envelope names."""
        return [self.sender, *self.recipients.values()]

    @property
    def has_ascii_envelope(self) -> bool:
        """Whether no address needs SMTPUTF8 (RFC 6531 §3.3)."""
        return all(address.isascii() for address in self.addresses)


def split(parcel: Parcel) -> Iterator[Parcel]:
    """The parcel in as many as one transaction each may carry."""
    rows = list(parcel.recipients.items())
    if len(rows) <= MOST_RECIPIENTS:
        yield parcel
        return
    for start in range(0, len(rows), MOST_RECIPIENTS):
        yield replace(parcel, recipients=dict(rows[start : start + MOST_RECIPIENTS]))


def alike(parcel: Parcel, verdict: Verdict) -> Verdicts:
    """The same verdict for all recipients."""
    return dict.fromkeys(parcel.recipients, verdict)


def instead(verdicts: Verdicts, final: Verdict) -> Verdicts:
    """What the answer to the message means for the recipients that were accepted."""
    return {key: final if verdict.fate is Fate.DELIVERED else verdict for key, verdict in verdicts.items()}


def put_off_by(verdicts: Verdicts) -> Verdicts:
    """What a host puts off, so that another one may be asked: what is to come again at once is for the same host."""
    return {row: each for row, each in verdicts.items() if each.fate is Fate.RETRY and not each.at_once}
