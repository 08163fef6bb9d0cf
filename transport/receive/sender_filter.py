"""The sender filter: the reverse-path at MAIL, the header From at the end (Exchange reference, section 6.3)."""

from __future__ import annotations

import msgspec

from transport.config.filters import FilterAction
from transport.receive.filters import looks_at
from transport.receive.session import Session
from transport.smtp.originators import from_addresses
from transport.smtp.path import Path

STAMP = "X-MS-Exchange-Organization-Sender-Filter"


class Blocked(msgspec.Struct, frozen=True):
    """The rule by which a sender is blocked, and the entry that it is on."""

    rule: str
    entry: str = ""


def is_on(session: Session) -> bool:
    """True when the sender filter has something to look for and looks at this session."""
    policy = session.policy
    return not policy.blocked_senders.idle and looks_at(session, policy.snapshot.sender_filter)


def blocked(session: Session, sender: Path) -> Blocked | None:
    """Whether a sender is blocked, where the filter is on."""
    if not sender.domain:
        blank = session.policy.snapshot.sender_filter.blank_sender_blocking_enabled
        return Blocked("blank_sender_blocked") if blank else None
    entry = session.policy.blocked_senders.entry(str(sender))
    return Blocked("sender_blocked", entry) if entry else None


def blocked_from(session: Session, head: bytes) -> Blocked | None:
    """Whether an address of the header From is blocked, where the filter is on."""
    lists = session.policy.blocked_senders
    if not lists.any:
        return None
    entry = next(filter(None, map(lists.entry, from_addresses(head))), "")
    return Blocked("from_blocked", entry) if entry else None


def rejects(session: Session) -> bool:
    """True for Reject, False when the message is stamped and goes on."""
    return session.policy.snapshot.sender_filter.action is FilterAction.Reject
