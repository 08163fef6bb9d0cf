"""Small worlds in which everything is tried that the relay proof speaks about, on the decisions that answer clients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from random import Random
from typing import NamedTuple

from msgspec.structs import replace

from tests.console.publishing.worlds import ADDRESSES, FOREIGN, PORTS, arrivals, world
from transport.config import rules
from transport.config.accepted_domain import AcceptedDomain, DeliverTo, PickUp
from transport.config.connection_filter import ConnectionFilter
from transport.config.delivery_host import DeliveryHost
from transport.config.domains import AcceptedDomains
from transport.config.endpoint import Binding, parse_range
from transport.config.filters import RecipientFilter, SenderFilter
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import RequestMail, SendConnector
from transport.config.snapshot import Snapshot
from transport.receive.admission import swapped
from transport.receive.conversation import Conversation, World
from transport.receive.exposure import is_wide
from transport.receive.policy import Policy
from transport.send.route import DeliveryType, Router

NARROW = "contoso.com", "sales.contoso.com", "com", "fabrikam.example"
REROUTED = "victim%far.net@{}", "far.net!victim@{}", '"victim@far.net"@{}', "@{}:victim@far.net", "victim@far.net@{}"
STAYS = DeliveryType.MAILBOX, DeliveryType.LMTP


class Met(NamedTuple):
    """A stranger's mail was taken for somebody elsewhere: by which connector, from whom, at which place."""

    connector: str
    local: tuple[str, int]
    client: str


Tried = dict[Met, set[str]]
"""→ the recipients."""
Asked = dict[tuple[str, str], set[str]]
"""(Send connector, Receive connector) → the recipients."""


def wide_world(random: Random) -> Snapshot:
    """A configuration with all that lets strangers out: also kept domains, hosts, TLS and mail that is asked for."""
    while True:
        found = _wider(random, world(random))
        if not rules.snapshot_problems(found):
            return found


def _wider(random: Random, found: Snapshot) -> Snapshot:
    return replace(
        found,
        receive_connectors=tuple(_varied(random, each) for each in found.receive_connectors),
        accepted_domains=tuple(_delivered(random, each) for each in found.accepted_domains),
        send_connectors=tuple(_asking(random, each, found) for each in found.send_connectors),
    )


def _varied(random: Random, each: ReceiveConnector) -> ReceiveConnector:
    return replace(
        each,
        require_tls=random.random() < 0.3,
        reject_single_label_recipient_domains=random.random() < 0.2,
        reject_reserved_second_level_recipient_domains=random.random() < 0.2,
        default_domain=random.choice(("", "", "far.net")),
        max_recipients_per_message=1000,
    )


def _delivered(random: Random, each: AcceptedDomain) -> AcceptedDomain:
    to = random.choice((DeliverTo.Usual, *DeliverTo))
    hosts = (DeliveryHost("host.example"),) if to in (DeliverTo.Host, DeliverTo.Lmtp) else ()
    ranges = (parse_range("192.0.2.9"),) if to is DeliverTo.PickUp else ()
    methods = frozenset({PickUp.Etrn})
    return replace(each, deliver_to=to, delivery_hosts=hosts, pick_up_ranges=ranges, pick_up_methods=methods)


def _asking(random: Random, each: SendConnector, found: Snapshot) -> SendConnector:
    by = random.choice(["", *(connector.name for connector in found.receive_connectors)])
    return replace(
        each,
        request_mail=random.choice(list(RequestMail)),
        request_mail_server="host.example",
        request_mail_receive_connector=by,
    )


def recipients(snapshot: Snapshot) -> list[str]:
    """Whom strangers try: others in foreign domains and through our own, and the bare names of old software."""
    ours = [each.domain_name.lstrip("*.") or "any.example" for each in snapshot.accepted_domains]
    spaces = [space.domain.lstrip("*.") for each in snapshot.send_connectors for space in each.address_spaces]
    names = [
        *FOREIGN,
        *NARROW,
        *(each for each in spaces if each.strip("-")),
        *(f"victim.{each}" for each in (*ours, *NARROW)),
        *ours,
    ]
    through = [each.format(domain) for each in REROUTED for domain in ours]
    return [*(f"victim@{each}" for each in dict.fromkeys(names)), *through, "victim", "postmaster"]


class Brute:
    """Everything tried; filters aside, whose lists come and go."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = replace(
            snapshot,
            recipient_filter=RecipientFilter(enabled=False),
            sender_filter=SenderFilter(enabled=False),
            connection_filter=ConnectionFilter(),
            ip_list_entries=(),
            ip_list_providers=(),
        )
        self.policy, self._router = Policy(self.snapshot), Router(self.snapshot)
        self._ours = AcceptedDomains(map(_itself, snapshot.accepted_domains))
        self._tried = recipients(snapshot)

    def met(self, clients: Iterable[str]) -> Tried:
        """Every client at every place, with TLS and without."""
        found: Tried = {}
        for local, client, tls in product(product(ADDRESSES, PORTS), clients, (False, True)):
            for begun in arrivals(self.policy, local, client):
                talk = Conversation(self.policy, local, (client, 49152), World(), begun=begun)
                if not talk.closed and (reached := self._reached(talk, tls)):
                    found.setdefault(Met(talk.session.connector.name, local, client), set()).update(reached)
        return found

    def asked(self) -> Asked:
        """Every server that is asked for mail on a connection of ours, which may be on TLS."""
        found: Asked = {}
        for send, tls in product(self.snapshot.send_connectors, ("", "TLSv1.3 AES")):
            if send.enabled and send.request_mail in (RequestMail.Atrn, RequestMail.Turn):
                by, local, remote = send.request_mail_receive_connector, ("192.0.2.1", 49152), ("192.0.2.2", 25)
                begun = swapped(self.policy, by, local, remote, tls)
                talk = Conversation(self.policy, local, remote, World(), begun=begun)
                if not talk.closed and (reached := self._reached(talk, False)):
                    found.setdefault((send.name, by), set()).update(reached)
        return found

    def _reached(self, talk: Conversation, tls: bool) -> set[str]:
        """The recipients elsewhere for whom mail is taken and would leave again."""
        for line in ("EHLO client.example", *(["STARTTLS", "EHLO client.example"] if tls else []), "MAIL FROM:<>"):
            talk.line(line.encode())
            if talk.secures:
                talk.secure()
        taken = (self._taken(talk, each) for each in self._tried)
        return {each for each in taken if each and self._leaves(each)}

    def _taken(self, talk: Conversation, recipient: str) -> str:
        """The recipient as it was taken, with a domain; else empty."""
        reply = talk.line(f"RCPT TO:<{recipient}>".encode()).reply
        taken = talk.session.recipients if reply is not None and reply.code == 250 else None
        return taken.last.address if taken else ""

    def _leaves(self, recipient: str) -> bool:
        """Whether it is somebody elsewhere: another domain, or one that stands in the local part."""
        local, _, domain = recipient.rpartition("@")
        return any(sign in local for sign in "%!@") or self.is_elsewhere(domain)

    def is_elsewhere(self, domain: str) -> bool:
        """Whether it is a domain of others, and mail for it would not stay here."""
        hop = self._router.hop(f"x@{domain}", listed=False)
        return self._ours.find(domain) is None and hop.delivery_type not in STAYS


def _itself(domain: AcceptedDomain) -> AcceptedDomain:
    """Without the domains of others for which a wide one stands: com is accepted by name, victim.com is not."""
    if not is_wide(domain):
        return domain
    name = domain.domain_name.lstrip("*.")
    return replace(domain, domain_name=name if domain.match_subdomains else "", match_subdomains=False)


def places(snapshot: Snapshot) -> Iterator[tuple[Binding, list[tuple[str, int]]]]:
    """Each binding, and the addresses that it stands for alone."""
    named = {(each.ip, each.port) for connector in snapshot.receive_connectors if connector.enabled
             for each in connector.bindings}  # fmt: skip
    for ip, port in sorted(named):
        alone = [(each, port) for each in ADDRESSES if (each, port) not in named]
        yield Binding(ip, port), alone if ip == "0.0.0.0" else [(ip, port)]
