"""The sender filter: the reverse-path at MAIL, the header From at the end (Exchange reference, section 6.3)."""

from __future__ import annotations

import re

from transport.config.filters import FilterAction
from transport.receive.filters import looks_at
from transport.receive.session import Session

_FROM = re.compile(rb"^from[ \t]*:((?:[^\r\n]|\r?\n[ \t])*)", re.IGNORECASE | re.MULTILINE)
_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_COMMENT = re.compile(rb"\([^()]*\)")
_ADDRESS = re.compile(rb"[^\s<>,;:\"()]+@[^\s<>,;:\"()@]+")
STAMP = "X-MS-Exchange-Organization-Sender-Filter"


def rule(session: Session, sender: str) -> str:
    """The rule by which a sender (empty: the null reverse-path) is blocked, or an empty text."""
    settings = session.policy.snapshot.sender_filter
    if not settings.enabled or not looks_at(session, settings):
        return ""
    if not sender:
        return "blank_sender_blocked" if settings.blank_sender_blocking_enabled else ""
    return "sender_blocked" if session.policy.blocked_senders.hold(sender) else ""


def from_rule(session: Session, head: bytes) -> str:
    """The rule by which an address of the header From is blocked, or an empty text."""
    settings, blocked = session.policy.snapshot.sender_filter, session.policy.blocked_senders
    if not blocked.any or not settings.enabled or not looks_at(session, settings):
        return ""
    return "from_blocked" if any(map(blocked.hold, from_addresses(head))) else ""


def from_addresses(head: bytes) -> list[str]:
    """The addresses of every From field. What stands in quotes or in a comment is no address (RFC 5322 §3.4)."""
    texts = (_COMMENT.sub(b" ", _QUOTED.sub(b"quoted", match[1])) for match in _FROM.finditer(head))
    return [found.decode("utf-8", "replace").rstrip(".") for text in texts for found in _ADDRESS.findall(text)]


def rejects(session: Session) -> bool:
    """True for Reject, False when the message is stamped and goes on."""
    return session.policy.snapshot.sender_filter.action is FilterAction.Reject
