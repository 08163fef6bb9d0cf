"""May this session send to this recipient? (Exchange reference, section 4.2; patterns of the open-relay scanners.)"""

from __future__ import annotations

from transport.config.accepted_domain import AcceptedDomain, DomainType
from transport.config.permissions import Right
from transport.receive.session import Session
from transport.smtp.path import Path


def refusal(session: Session, recipient: Path, domain: AcceptedDomain | None) -> str:
    """The rule that refuses the recipient, or an empty text. `domain` is the accepted domain that it falls under."""
    if Right.ACCEPT_ANY_RECIPIENT in session.rights:
        return ""
    if domain is None:
        return "relay_denied"
    return "rerouting_denied" if recipient.may_reroute else ""


def needs_look_up(session: Session, domain: AcceptedDomain | None) -> bool:
    """True when the recipient filter asks the directory: authoritative domains with an address book only."""
    return (
        domain is not None
        and domain.domain_type is DomainType.Authoritative
        and domain.address_book_enabled
        and session.policy.snapshot.recipient_filter.recipient_validation_enabled
        and Right.BYPASS_ANTI_SPAM not in session.rights
    )
