"""Which sessions the filters look at: anonymous ones by default (Exchange reference, section 6.1)."""

from __future__ import annotations

from typing import Protocol

from transport.config.permissions import Right
from transport.receive.session import Session


class Filter(Protocol):
    """What the settings of every filter have."""

    @property
    def external_mail_enabled(self) -> bool: ...
    @property
    def internal_mail_enabled(self) -> bool: ...


def looks_at(session: Session, settings: Filter) -> bool:
    """True unless the session has the right Bypass anti-spam, or is of a kind that the filter leaves alone."""
    if Right.BYPASS_ANTI_SPAM in session.rights:
        return False
    return settings.external_mail_enabled if session.is_anonymous else settings.internal_mail_enabled
