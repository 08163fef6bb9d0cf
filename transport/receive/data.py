"""DATA and what follows it: RFC 5321 §4.1.1.4."""

from __future__ import annotations

import msgspec

from transport.config.permissions import Right
from transport.receive.outcome import Accept, Outcome, ReadMailData
from transport.receive.refusals import refuse
from transport.receive.session import Session, reset
from transport.smtp import replies
from transport.smtp.mail_data import HeaderFacts, header_facts
from transport.smtp.trace import date
from transport.smtp.trace import received as received_header

HEADER_LIMIT = 256 * 1024


class MailData(msgspec.Struct, frozen=True):
    """What arrived up to CRLF.CRLF, dots un-stuffed: its size in octets, its header block (at most HEADER_LIMIT octets,
    `header_complete` when the blank line was among them), and whether it went over the limit of `ReadMailData`.
    """

    size: int
    head: bytes
    header_complete: bool = True
    over_limit: bool = False


def data(session: Session, argument: str, now: float) -> Outcome:
    """354, then the message."""
    if argument.strip():
        return refuse(session, replies.INVALID_ARGUMENTS, "invalid_arguments")
    bypass = Right.BYPASS_MESSAGE_SIZE_LIMIT in session.rights
    return Outcome(
        session, replies.START_MAIL_INPUT, (ReadMailData(None if bypass else session.connector.max_message_size),)
    )


def received(session: Session, mail: MailData, identity: str, now: float) -> Outcome:
    """Whether the message is taken. `identity` is its id as 32 hex digits. The transaction is over either way."""
    done = reset(session)
    if mail.over_limit:
        return refuse(done, replies.MESSAGE_TOO_LARGE, "message_size")
    if not mail.header_complete:
        return refuse(done, replies.HEADER_TOO_LARGE, "header_size")
    facts = header_facts(mail.head)
    if facts.hops >= session.connector.max_hop_count:
        return refuse(done, replies.HOP_COUNT_EXCEEDED, "hop_count")
    message_id = facts.message_id or f"<{identity}@{session.server}>"
    accept = _accept(session, facts, message_id, identity, now)
    answer = replies.queued(message_id, internal_id(identity), session.policy.snapshot.server)
    return Outcome(done, answer, (accept,), "queued")


def _accept(session: Session, facts: HeaderFacts, message_id: str, identity: str, now: float) -> Accept:
    trace = received_header(
        helo=session.helo,
        client=session.remote_ip,
        server=session.server,
        local=session.local_ip,
        protocol=("ESMTPS" if session.tls else "ESMTP") if session.extended else "SMTP",
        identity=identity,
        now=now,
    )
    if not facts.message_id:
        trace += f"Message-ID: {message_id}\r\n".encode("ascii")
    if not facts.has_date:
        trace += f"Date: {date(int(now))}\r\n".encode("ascii")
    recipients = tuple(dict.fromkeys(session.recipients or ()))
    return Accept(str(session.sender or ""), recipients, trace, facts.subject, message_id, session.body)


def not_stored(session: Session) -> Outcome:
    """The answer when an `Accept` could not be made durable; the client keeps the message and tries again."""
    return refuse(session, replies.INSUFFICIENT_RESOURCES, "not_stored")


def internal_id(identity: str) -> int:
    """The number that the reply shows: the upper 63 bits of the message's identity, which start with its time."""
    return int(identity[:16], 16) >> 1
