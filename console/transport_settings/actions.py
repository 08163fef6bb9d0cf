"""Every write of transport settings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from console.actors import Actor, Role
from console.publishing import queries as publishing
from console.publishing.models import SingleRow
from console.publishing.single_row import SingleSettings
from console.transport_settings.published import CONFIG, LIMITS
from transport.config import kinds
from transport.config.accepted_domain import DeliverTo, DomainType
from transport.config.domains import AcceptedDomains
from transport.config.rules import Problem, connection_problems
from transport.config.transport_config import TransportConfig
from transport.config.transport_limits import TransportLimits

_PLAIN = re.compile(r"[a-z0-9_+=-][a-z0-9_+=.-]{0,63}")
WRITERS = frozenset({Role.ORGANIZATION_MANAGEMENT})


def _problems(config: TransportConfig) -> Iterator[Problem]:
    address = config.external_postmaster_address
    try:
        if address and kinds.mailbox(address) != address.lower():
            raise ValueError("Write the address alone, like postmaster@contoso.com.")
    except ValueError as error:
        yield Problem("external_postmaster_address", str(error))
    if config.tls_report_recipient and not _comes_here(config.tls_report_recipient):
        text = "Write a plain address in lower case, of an accepted domain whose mailboxes are here."
        yield Problem("tls_report_recipient", text)


def _comes_here(address: str) -> bool:
    local, _, domain = address.rpartition("@")
    accepted = AcceptedDomains(publishing.saved().accepted_domains).find(domain)
    if not _PLAIN.fullmatch(local) or accepted is None:
        return False
    return accepted.domain_type is DomainType.Authoritative and accepted.deliver_to is DeliverTo.Usual


def _limits_problems(limits: TransportLimits) -> Iterator[Problem]:
    if limits.delay_notification_timeout >= limits.message_expiration_timeout:
        yield Problem(
            "delay_notification_timeout", "The sender must hear of the delay before the message expires: choose less."
        )

    yield from connection_problems(limits.max_outbound_connections, limits.max_per_domain_outbound_connections)


PAGES: dict[type, SingleSettings] = {
    TransportLimits: SingleSettings(LIMITS, _limits_problems),
    TransportConfig: SingleSettings(CONFIG, _problems),
}
"""Struct → where its row is and what it may say."""


def save(actor: Actor, wanted: TransportLimits | TransportConfig, version: int | None = None) -> SingleRow:
    """Puts limits or configuration as `wanted`; `version` is the one that the editor saw.

    Raises ValidationError at the field that cannot stand; with code `stale` when somebody saved them meanwhile.
    """
    actor.require(*WRITERS)
    return PAGES[type(wanted)].save(actor, wanted, version)
