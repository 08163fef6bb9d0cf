"""What Send connectors override relay for: *Allow messages to be relayed to these domains*.

Everybody who may submit mail then reaches their address spaces (Exchange reference, section 8.7; Sending mail outward,
section 4.2).
"""

from __future__ import annotations

from collections.abc import Iterable

from transport.config.accepted_domain import AcceptedDomain, DomainType
from transport.config.address_space import ACCEPTED_DOMAINS, EVERYTHING
from transport.config.domains import AcceptedDomains, parent
from transport.config.send_connector import SendConnector
from transport.config.snapshot import Snapshot


class RelayedDomain(AcceptedDomain, frozen=True, kw_only=True):
    """An address space of a Send connector that overrides relay; it acts as an accepted domain whose mail is all sent
    on. `name`: that connector.
    """


def relayed_domains(connectors: Iterable[SendConnector]) -> tuple[RelayedDomain, ...]:
    """What enabled connectors override relay for. A wildcard covers the name as well, as it does for address spaces."""
    spaces = (
        (each.name, space.domain.lower())
        for each in connectors
        if each.enabled and each.allow_relay
        for space in each.address_spaces
        if space.domain != ACCEPTED_DOMAINS
    )
    found: dict[str, RelayedDomain] = {}
    for name, space in spaces:
        domain = space if space == EVERYTHING else space.removeprefix("*.")
        below = space.startswith("*.") or (domain in found and found[domain].match_subdomains)
        relayed = RelayedDomain(
            name=name, domain_name=domain, domain_type=DomainType.ExternalRelay, match_subdomains=below
        )
        found[domain] = relayed if domain not in found or below else found[domain]
    return tuple(found.values())


def domains_taken(snapshot: Snapshot) -> tuple[AcceptedDomain, ...]:
    """The accepted domains, then the relayed ones that no accepted domain stands before as a whole."""
    accepted = AcceptedDomains(snapshot.accepted_domains)
    relayed = relayed_domains(snapshot.send_connectors)
    return snapshot.accepted_domains + tuple(each for each in relayed if not _is_covered(each, accepted))


def _is_covered(relayed: RelayedDomain, accepted: AcceptedDomains) -> bool:
    """Whether accepted domains stand for the name and, where it covers them, for its subdomains."""
    name = parent(relayed)
    if not name:
        return name in accepted.below
    if accepted.find(name) is None:
        return False
    return not relayed.match_subdomains or accepted.find(f"any.{name}") is not None
