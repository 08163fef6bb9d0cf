"""What pages show of accepted domains."""

from __future__ import annotations

from console.domains import models
from console.publishing.rows import struct_of
from transport.config.accepted_domain import AcceptedDomain
from transport.config.domains import AcceptedDomains


def accepted_domains() -> AcceptedDomains:
    """The accepted domains of this moment, prepared for look-up."""
    return AcceptedDomains(struct_of(row, AcceptedDomain) for row in models.AcceptedDomain.objects.order_by())
