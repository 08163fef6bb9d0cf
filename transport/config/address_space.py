"""What a Send connector is for. Source: Exchange reference, section 8.1."""

from __future__ import annotations

import msgspec

EVERYTHING, ACCEPTED_DOMAINS = "*", "--"
"""The address spaces that are no name: every domain, and all accepted domains."""


class AddressSpace(msgspec.Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """Domains a connector is for: `*`, `--`, `contoso.com` or `*.contoso.com`; the lowest cost wins among equals."""

    domain: str
    cost: int = 1

    def __str__(self) -> str:
        return f"SMTP:{self.domain};{self.cost}"
