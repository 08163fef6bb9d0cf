"""The recipient filter: first the list of blocked recipients, then the directory (Exchange reference, section 6.2)."""

from __future__ import annotations

from transport.config.accepted_domain import AcceptedDomain, DomainType
from transport.receive.filters import looks_at
from transport.receive.session import Session
from transport.smtp.path import Path


def is_on(session: Session) -> bool:
    """True when the recipient filter looks at this session."""
    settings = session.policy.snapshot.recipient_filter
    return settings.enabled and looks_at(session, settings)


def is_blocked(session: Session, recipient: Path) -> bool:
    """True for a recipient on the block list, in whatever domain."""
    return str(recipient).lower() in session.policy.blocked_recipients


def needs_look_up(session: Session, recipient: Path, domain: AcceptedDomain | None) -> bool:
    """True when the directory is asked: authoritative domains with an address book, anybody but the postmaster, and
    whoever gets reports about TLS.
    """
    return (
        domain is not None
        and domain.domain_type is DomainType.Authoritative
        and domain.address_book_enabled
        and session.policy.snapshot.recipient_filter.recipient_validation_enabled
        and recipient.local_part.lower() != "postmaster"
        and str(recipient).lower() != session.policy.snapshot.transport_config.tls_report_recipient
    )
