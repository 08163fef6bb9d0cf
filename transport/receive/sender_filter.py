"""The sender filter: the reverse-path at MAIL, the header From at the end (Exchange reference, section 6.3)."""

from __future__ import annotations

import re

import msgspec

from transport.config.filters import FilterAction
from transport.receive.filters import looks_at
from transport.receive.session import Session
from transport.smtp.path import Path

_FROM = re.compile(rb"^from[ \t]*:([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)", re.IGNORECASE | re.MULTILINE)
# Nothing here may try a place twice: a header of 256 KB comes from anybody, and everybody waits while it is read.
_QUOTED = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:(")|\\?\Z)', re.DOTALL)
_COMMENT = re.compile(rb"\([^()]*\)")
_WORD = re.compile(rb"[^\s<>,;:\"()]+")
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


def from_addresses(head: bytes) -> list[str]:
    """The addresses of every From field. What stands in quotes or in a comment is no address (RFC 5322 §3.4)."""
    found = []
    for match in _FROM.finditer(head):
        for word in _WORD.findall(_COMMENT.sub(b" ", _QUOTED.sub(_unquoted, match[1]))):
            local, _, domain = word.rstrip(b"@").rpartition(b"@")
            if local and domain:
                found.append(f"{local.decode('utf-8', 'replace')}@{domain.decode('utf-8', 'replace').rstrip('.')}")
    return found


def _unquoted(match: re.Match[bytes]) -> bytes:
    """A quote that is never closed hides nothing."""
    return b"quoted" if match[1] else match[0].replace(b'"', b" ")


def rejects(session: Session) -> bool:
    """True for Reject, False when the message is stamped and goes on."""
    return session.policy.snapshot.sender_filter.action is FilterAction.Reject
