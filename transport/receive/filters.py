"""Which sessions the filters look at: anonymous ones by default (Exchange reference, section 6.1)."""

from __future__ import annotations

from transport.config.connection_filter import ConnectionFilter
from transport.config.filters import RecipientFilter, SenderFilter
from transport.config.permissions import Right
from transport.receive.session import Session


def looks_at(session: Session, settings: ConnectionFilter | RecipientFilter | SenderFilter) -> bool:
    """True unless the session has the right Bypass anti-spam, or is of a kind that the filter leaves alone."""
    if Right.BYPASS_ANTI_SPAM in session.rights:
        return False
    return settings.external_mail_enabled if session.is_anonymous else settings.internal_mail_enabled
