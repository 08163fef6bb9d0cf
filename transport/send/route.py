"""Which next hop a recipient goes to. Source: Exchange reference, sections 4.1 and 8.3."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from transport.config.accepted_domain import AcceptedDomain, DeliverTo, DomainType
from transport.config.domains import AcceptedDomains, domain_of
from transport.config.send_connector import DeliveryWindow, SendConnector
from transport.config.snapshot import Snapshot
from transport.send.address_spaces import AddressSpaces, Chain
from transport.send.choice import Choice, Mail, Passed, behind, choose
from transport.send.window import is_oversize


class DeliveryType(StrEnum):
    """The kind of a next hop, in Exchange's words: `transport/deliver/ways_out.py` says how each is spoken to."""

    MAILBOX = "SmtpDeliveryToMailbox"
    SMART_HOST = "SmartHostConnectorDelivery"
    DNS = "DnsConnectorDelivery"
    LMTP = "LmtpDelivery"
    HOST = "RelayHostDelivery"
    PICK_UP = "PickUpDelivery"
    UNREACHABLE = "Unreachable"
    UNDELIVERABLE = "Undeliverable"
    """Ours: no connector may take the mail. It comes back at once."""
    UNDEFINED = "Undefined"

    @property
    def is_remote(self) -> bool:
        """Whether another server takes the mail."""
        return self not in (DeliveryType.MAILBOX, DeliveryType.UNDELIVERABLE, *NOWHERE)

    @property
    def is_forgotten(self) -> bool:
        """Whether a next hop is deleted when nothing waits for it."""
        return self not in (DeliveryType.MAILBOX, DeliveryType.UNREACHABLE)

    @property
    def is_strangers_choice(self) -> bool:
        """Whoever writes to a domain makes a next hop of it; the other kinds are ours or an administrator's."""
        return self is DeliveryType.DNS


OF_DOMAIN = {DeliverTo.Lmtp: DeliveryType.LMTP, DeliverTo.Host: DeliveryType.HOST}
"""Next hops that an accepted domain names itself: their mail asks no Send connector."""
NOWHERE = (DeliveryType.UNREACHABLE, DeliveryType.UNDEFINED)
"""Nothing is delivered to these."""
FORGOTTEN = tuple(kind for kind in DeliveryType if kind.is_forgotten)


class Hop(msgspec.Struct, frozen=True):
    """A next hop. `key` identifies the queue; `domain` is what Queue Viewer shows as NextHopDomain; `error` is why it
    is not even tried. `kept`: its mail waits until somebody asks for it, or triggers it. `expires_after`: seconds after
    which its mail comes back, `delayed_after`: after which its sender hears of the delay; None as for the organization.
    """

    key: str
    delivery_type: DeliveryType
    domain: str
    connector: str = ""
    error: str = ""
    kept: bool = False
    expires_after: int | None = None
    delayed_after: int | None = None

    @property
    def is_patient(self) -> bool:
        """Whether its mail has times of its own."""
        return self.expires_after is not None or self.delayed_after is not None


MAILBOX = Hop("mailbox", DeliveryType.MAILBOX, "mailbox")
OVERSIZE = "oversize:"
"""Begins the key of a queue of messages that are oversize for their Send connector: it has times of its own."""
NO_CONNECTOR = "A matching connector cannot be found to route the external recipient"
UNREACHABLE = Hop("unreachable", DeliveryType.UNREACHABLE, "Unreachable Domain", error=NO_CONNECTOR)
POISON = Hop("poison", DeliveryType.UNDEFINED, "Poison Message")
"""What is set aside, because it makes who delivers it stumble each time."""
NOTHING_KNOWN = Mail()
_REMEMBERED = 100_000


def undeliverable(refusal: str) -> Hop:
    """Where mail goes that no connector may take: `domain` is the reply of which its sender hears."""
    return Hop(f"undeliverable:{refusal}", DeliveryType.UNDELIVERABLE, refusal, error=refusal)


class Router:
    """The routes of one snapshot. Answers are remembered, up to a bound: by domain and what decides of a message."""

    def __init__(self, snapshot: Snapshot, server: str = "localhost") -> None:
        """`server`: who sends, the name of connectors without an FQDN."""
        self.snapshot = snapshot
        self.server = server
        self.accepted_domains = AcceptedDomains(snapshot.accepted_domains)
        self.address_spaces = AddressSpaces(snapshot.send_connectors, snapshot.named_senders)
        self._connectors = {connector.name: connector for connector in snapshot.send_connectors}
        self._hops: dict[tuple[str, bool, Mail], Hop] = {}
        self._ways: dict[tuple[Chain, Mail], SendConnector | Hop] = {}

    def hop(self, address: str, listed: bool = True, mail: Mail = NOTHING_KNOWN) -> Hop:
        """The next hop of `address`; `listed` tells, where `needs_directory`, whether the directory holds it; `mail` is
        the essence of a message (`AddressSpaces.essence`).
        """
        key = (domain_of(address), listed, mail)
        found = self._hops.get(key)
        if found is None:
            if len(self._hops) >= _REMEMBERED:
                self._hops.clear()
            found = self._hops[key] = self._route(*key)
        return found

    def send_connector(self, name: str) -> SendConnector | None:
        """The Send connector of this name, enabled or not."""
        return self._connectors.get(name)

    def needs_directory(self, address: str) -> bool:
        """Whether the route depends on the directory: in an internal relay domain only some recipients are here."""
        accepted = self.accepted_domains.find(domain_of(address))
        return accepted is not None and accepted.domain_type is DomainType.InternalRelay

    def choice(self, domain: str, mail: Mail) -> Choice:
        """Which Send connector takes a message for a domain in lower case that is not here, and why."""
        return choose(self.address_spaces.candidates(self._chain(domain)), mail)

    def behind(self, domain: str, choice: Choice) -> list[Passed]:
        """The connectors that a choice for the domain did not even ask, and why."""
        candidates = self.address_spaces.candidates(self._chain(domain))
        return behind(self.snapshot.send_connectors, candidates, choice)

    def carrier(self, domain: str) -> SendConnector | None:
        """By which Send connector mail of a kept domain goes once it is asked for by ETRN (RFC 1985 §3); None: to hosts
        that the domain names, or by MX.
        """
        accepted = self.accepted_domains.find(domain)
        if accepted is not None and accepted.delivery_hosts:
            return None
        return self.choice(domain, NOTHING_KNOWN).connector

    def _route(self, domain: str, listed: bool, mail: Mail) -> Hop:
        """A mailbox here, else the host of an accepted domain, else the best Send connector, else unreachable."""
        accepted = self.accepted_domains.find(domain)
        if not domain or (accepted is not None and _is_here(accepted, listed)):
            return MAILBOX
        if accepted is not None and accepted.deliver_to is not DeliverTo.Usual:
            return _hop_of_domain(accepted, domain)
        way = self._way(self._chain(domain), mail)
        return way if isinstance(way, Hop) else through(way, domain, mail.size)

    def _chain(self, domain: str) -> Chain:
        return self.address_spaces.chain(domain, self.accepted_domains.find(domain) is not None)

    def _way(self, chain: Chain, mail: Mail) -> SendConnector | Hop:
        """The same for all domains that lie in the same address spaces."""
        found = self._ways.get((chain, mail))
        if found is None:
            if len(self._ways) >= _REMEMBERED:
                self._ways.clear()
            choice = choose(self.address_spaces.candidates(chain), mail)
            nowhere = undeliverable(choice.refusal) if choice.refusal else UNREACHABLE
            found = self._ways[chain, mail] = choice.connector or nowhere
        return found


def triggered_by(domains: Iterable[str], snapshot: Snapshot) -> list[str]:
    """The Send connectors that deliver when they are triggered, and that whoever asks for mail of these domains does
    trigger: those by which it goes.
    """
    waiting = {each.name for each in snapshot.send_connectors if each.delivery_window is DeliveryWindow.OnTrigger}
    if not waiting:
        return []
    router = Router(snapshot)
    carriers = (router.carrier(domain) for domain in domains)
    return sorted(waiting.intersection(each.name for each in carriers if each is not None))


def through(connector: SendConnector, domain: str, size: int = 0) -> Hop:
    """The next hop of a message of so many bytes for a domain that leaves by this Send connector."""
    kind = delivery_type(connector)
    key, to = f"domain:{connector.name}:{domain}", domain
    if kind is DeliveryType.SMART_HOST:
        key, to = f"smarthost:{connector.name}", ",".join(connector.smart_hosts)
    expires, delayed = connector.message_expiration_timeout, connector.delay_notification_timeout
    kept = connector.delivery_window is DeliveryWindow.OnTrigger
    if is_oversize(connector, size):
        key, kept = OVERSIZE + key, False
    return Hop(key, kind, to, connector.name, kept=kept, expires_after=expires, delayed_after=delayed)


def delivery_type(connector: SendConnector) -> DeliveryType:
    """How mail leaves through a Send connector."""
    smart = connector.smart_hosts and not connector.dns_routing_enabled
    return DeliveryType.SMART_HOST if smart else DeliveryType.DNS


def _hop_of_domain(accepted: AcceptedDomain, domain: str) -> Hop:
    """Of mail that is kept, a queue for each domain: each is asked for by its name."""
    kind = OF_DOMAIN.get(accepted.deliver_to)
    if kind is not None:
        return Hop(f"{accepted.deliver_to.lower()}:{accepted.domain_name}", kind, accepted.domain_name)
    until = accepted.pick_up_expiration_timeout
    return Hop(f"kept:{domain}", DeliveryType.PICK_UP, domain, kept=True, expires_after=until)


def _is_here(accepted: AcceptedDomain, listed: bool) -> bool:
    if accepted.domain_type is DomainType.InternalRelay:
        return listed
    return accepted.domain_type is DomainType.Authoritative and accepted.deliver_to is DeliverTo.Usual
