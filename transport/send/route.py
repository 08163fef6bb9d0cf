"""Which next hop a recipient goes to. Source: Exchange reference, sections 4.1 and 8.3."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from transport.config.accepted_domain import AcceptedDomain, DeliverTo, DomainType
from transport.config.address_space import AddressSpace
from transport.config.domains import AcceptedDomains, domain_of
from transport.config.send_connector import SendConnector
from transport.config.snapshot import Snapshot


class DeliveryType(StrEnum):
    """The kind of a next hop, in Exchange's words: `transport/deliver/ways_out.py` says how each is spoken to."""

    MAILBOX = "SmtpDeliveryToMailbox"
    SMART_HOST = "SmartHostConnectorDelivery"
    DNS = "DnsConnectorDelivery"
    LMTP = "LmtpDelivery"
    HOST = "RelayHostDelivery"
    UNREACHABLE = "Unreachable"

    @property
    def is_remote(self) -> bool:
        """Whether another server takes the mail."""
        return self not in (DeliveryType.MAILBOX, DeliveryType.UNREACHABLE)

    @property
    def is_strangers_choice(self) -> bool:
        """Whoever writes to a domain makes a next hop of it; the other kinds are ours or an administrator's."""
        return self is DeliveryType.DNS


OF_DOMAIN = {DeliverTo.Lmtp: DeliveryType.LMTP, DeliverTo.Host: DeliveryType.HOST}
"""Next hops that an accepted domain names itself: their mail asks no Send connector."""
REMOTE = tuple(kind for kind in DeliveryType if kind.is_remote)


class Hop(msgspec.Struct, frozen=True):
    """A next hop. `key` identifies the queue; `domain` is what Queue Viewer shows as NextHopDomain; `error` is why it
    is not even tried.
    """

    key: str
    delivery_type: DeliveryType
    domain: str
    connector: str = ""
    error: str = ""


MAILBOX = Hop("mailbox", DeliveryType.MAILBOX, "mailbox")
NO_CONNECTOR = "A matching connector cannot be found to route the external recipient"
UNREACHABLE = Hop("unreachable", DeliveryType.UNREACHABLE, "Unreachable Domain", error=NO_CONNECTOR)
_REMEMBERED_DOMAINS = 100_000


class Router:
    """The routes of one snapshot. Answers are remembered by domain, up to a bound."""

    def __init__(self, snapshot: Snapshot, server: str = "localhost") -> None:
        """`server`: who sends, the name of connectors without an FQDN."""
        self.snapshot = snapshot
        self.server = server
        self.accepted_domains = AcceptedDomains(snapshot.accepted_domains)
        self._hops: dict[tuple[str, bool], Hop] = {}

    def hop(self, address: str, listed: bool = True) -> Hop:
        """The next hop of `address`; `listed` tells, where `needs_directory`, whether the directory holds it."""
        key = (domain_of(address), listed)
        found = self._hops.get(key)
        if found is None:
            if len(self._hops) >= _REMEMBERED_DOMAINS:
                self._hops.clear()
            found = self._hops[key] = self._route(key[0], listed)
        return found

    def needs_directory(self, address: str) -> bool:
        """Whether the route depends on the directory: in an internal relay domain only some recipients are here."""
        accepted = self.accepted_domains.find(domain_of(address))
        return accepted is not None and accepted.domain_type is DomainType.InternalRelay

    def _route(self, domain: str, listed: bool) -> Hop:
        """A mailbox here, else the host of an accepted domain, else the best send connector, else unreachable."""
        accepted = self.accepted_domains.find(domain)
        if not domain or (accepted is not None and _is_here(accepted, listed)):
            return MAILBOX
        if accepted is not None and accepted.deliver_to in OF_DOMAIN:
            kind = OF_DOMAIN[accepted.deliver_to]
            return Hop(f"{accepted.deliver_to.lower()}:{accepted.domain_name}", kind, accepted.domain_name)
        connector = select_connector(self.snapshot.send_connectors, domain)
        if connector is None:
            return UNREACHABLE
        kind = delivery_type(connector)
        if kind is DeliveryType.SMART_HOST:
            return Hop(f"smarthost:{connector.name}", kind, ",".join(connector.smart_hosts), connector.name)
        return Hop(f"domain:{connector.name}:{domain}", kind, domain, connector.name)


def delivery_type(connector: SendConnector) -> DeliveryType:
    """How mail leaves through a Send connector."""
    smart = connector.smart_hosts and not connector.dns_routing_enabled
    return DeliveryType.SMART_HOST if smart else DeliveryType.DNS


def _is_here(accepted: AcceptedDomain, listed: bool) -> bool:
    if accepted.domain_type is DomainType.InternalRelay:
        return listed
    return accepted.domain_type is DomainType.Authoritative and accepted.deliver_to is DeliverTo.Usual


def select_connector(connectors: tuple[SendConnector, ...], domain: str) -> SendConnector | None:
    """The enabled connector with the most specific address space, then the lowest cost, then the first name."""
    candidates = [
        (-specificity, space.cost, connector.name.lower(), connector)
        for connector in connectors
        if connector.enabled
        for space in connector.address_spaces
        if (specificity := _specificity(space, domain)) is not None
    ]
    return min(candidates, key=lambda candidate: candidate[:3])[3] if candidates else None


def _specificity(space: AddressSpace, domain: str) -> int | None:
    """None for no match. Most specific first: the exact name, `*.name` (which covers it too), a shorter one, `*`."""
    name = space.domain.lower()
    if name == "*":
        return 0
    if name.startswith("*."):
        return 2 * len(name) - 4 if domain == name[2:] or domain.endswith(name[1:]) else None
    return 2 * len(name) + 1 if domain == name else None
