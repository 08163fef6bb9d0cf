"""What one command leads to, and the closed set of actions that the shell performs."""

from __future__ import annotations

import msgspec

from transport.receive.session import Session
from transport.smtp.path import Path
from transport.smtp.reply import Reply


class Close(msgspec.Struct, frozen=True):
    """Close the connection once the reply is written."""


class StartTls(msgspec.Struct, frozen=True):
    """Write the reply, drop what the client sent after STARTTLS, negotiate, then `starttls.established`."""


class ReadMailData(msgspec.Struct, frozen=True):
    """Write the reply, read up to CRLF.CRLF, then `data.received`. `limit` in octets, None for no limit."""

    limit: int | None


class LookUpRecipient(msgspec.Struct, frozen=True):
    """Ask the directory for this recipient, then `rcpt.looked_up`; the outcome has no reply yet."""

    recipient: Path


class Accept(msgspec.Struct, frozen=True):
    """Make this message durable, `trace` in front of what was received, before the reply is written."""

    sender: str
    recipients: tuple[str, ...]
    trace: bytes
    subject: str
    message_id: str
    body: str


Action = Close | StartTls | ReadMailData | LookUpRecipient | Accept
CLOSE = (Close(),)


class Outcome(msgspec.Struct, frozen=True):
    """The new session, what to answer, what to do, and the name of the rule that decided (see `rules`)."""

    session: Session
    reply: Reply | None
    actions: tuple[Action, ...] = ()
    decided_by: str = ""
