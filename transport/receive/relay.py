"""May this session send to this recipient? (Exchange reference, section 4.2; patterns of the open-relay scanners.)"""

from __future__ import annotations

from transport.config.accepted_domain import AcceptedDomain
from transport.config.permissions import Right
from transport.receive.relayed_domains import RelayedDomain
from transport.receive.session import Session
from transport.smtp.path import Path


def refusal(session: Session, recipient: Path, domain: AcceptedDomain | None) -> str:
    """The rule that refuses the recipient, or an empty text. `domain`: the accepted or relayed one it falls under."""
    if Right.ACCEPT_ANY_RECIPIENT in session.rights:
        return ""
    if domain is None:
        return "relay_denied"
    return "rerouting_denied" if recipient.may_reroute else ""


def allowance(session: Session, domain: AcceptedDomain | None) -> str:
    """The rule by which a recipient that is not refused is taken."""
    if domain is not None and not isinstance(domain, RelayedDomain):
        return "accepted_domain"
    return "relay_allowed" if Right.ACCEPT_ANY_RECIPIENT in session.rights else "relay_by_connector"
