"""Random configurations on loopback addresses, and what strangers are answered there by the decisions themselves."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random
from typing import NamedTuple

from tests.receive.builders import connector
from transport.config import rules
from transport.config.accepted_domain import AcceptedDomain, DomainType
from transport.config.address_space import AddressSpace
from transport.config.endpoint import parse_range
from transport.config.filters import RecipientFilter
from transport.config.permissions import (
    ANONYMOUS,
    AUTHENTICATED_USERS,
    EXTERNALLY_SECURED,
    Grant,
    PermissionGroup,
    Right,
)
from transport.config.receive_connector import AuthMechanism, ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.config.snapshot import Snapshot
from transport.receive import rcpt, verbs, xclient
from transport.receive.admission import Load, admitted, connect
from transport.receive.front_end import front_end, introduced
from transport.receive.outcome import LookUpRecipient, Outcome
from transport.receive.policy import Policy
from transport.send.route import MAILBOX, Router
from transport.smtp.proxy_header import Header

PORTS = (25, 26)
RANGES = "127.0.1.0/29", "127.0.1.0/30", "127.0.1.4/30", "127.0.1.0/31", "127.0.1.5", "0.0.0.0/0", "::/0"
ADDRESSES = "127.0.0.1", "127.0.0.2", "127.0.0.3"
CLIENTS = tuple(f"127.0.1.{number}" for number in range(10))
FRONT_ENDS: tuple[tuple[str, ...], ...] = ((), (), (), ("127.0.1.7",), ("127.0.1.4/30", "127.0.1.8"))
CLAIMED = (*CLIENTS, "203.0.113.7", "2001:db8::7")
"""Whom a load balancer may name."""
DOMAINS = "contoso.com", "*.contoso.com", "*.com", "com", "*", "*.test", "*.co.uk", "uk", "*.github.io", "*.kawasaki.jp"
LITERAL = "[192.0.2.1]"
"""What no accepted domain stands for: taken only by the right to send to anybody."""
FOREIGN = (
    "victim.com", "victim.uk", "victim.co.uk", "victim.test", "victim.github.io", "x.y.kawasaki.jp", "victim.org",
    LITERAL,
)  # fmt: skip
GRANTED = Right.SUBMIT, Right.ACCEPT_ANY_RECIPIENT, Right.ACCEPT_ANY_SENDER


class Relayed(NamedTuple):
    """A stranger's mail for a foreign domain was taken and would leave again."""

    connector: str
    local: tuple[str, int]
    client: str
    domain: str


def world(random: Random, ports: tuple[int, int] = PORTS) -> Snapshot:
    """A configuration that could be saved; each connector greets with a name of its own."""
    while True:
        names = [f"connector-{number}.example" for number in range(random.randint(1, 4))]
        connectors = tuple(_connector(random, name, ports) for name in names)
        found = Snapshot(
            receive_connectors=connectors,
            accepted_domains=_domains(random),
            send_connectors=tuple(_overriding(random, number) for number in range(random.choice((0, 0, 1, 2)))),
            recipient_filter=RecipientFilter(enabled=random.random() < 0.5),
        )
        if not rules.snapshot_problems(found):
            return found


def _connector(random: Random, name: str, ports: tuple[int, int]) -> ReceiveConnector:
    bindings = random.sample([f"{ip}:{port}" for ip in (*ADDRESSES[:2], "0.0.0.0") for port in ports], 2)
    secured = random.random() < 0.2
    groups = {group for group in PermissionGroup if random.random() < 0.4}
    return connector(
        name,
        fqdn=name,
        max_protocol_errors=None,
        bindings=" ".join(bindings[: random.randint(1, 2)]),
        ranges=" ".join(random.sample(RANGES, random.randint(1, 2))),
        enabled=random.random() < 0.85,
        xclient_from=tuple(parse_range(each) for each in random.choice(FRONT_ENDS)),
        proxy_protocol_from=tuple(parse_range(each) for each in random.choice(FRONT_ENDS)),
        permission_groups=frozenset(groups | ({PermissionGroup.ExchangeServers} if secured else set())),
        auth_mechanism=frozenset({AuthMechanism.ExternalAuthoritative} if secured else {AuthMechanism.Tls}),
        grants=tuple(sorted({_grant(random) for _ in range(random.randint(0, 2))})),
        reject_reserved_top_level_recipient_domains=random.random() < 0.3,
    )


def _overriding(random: Random, number: int) -> SendConnector:
    """A Send connector that overrides relay for its address spaces, perhaps."""
    spaces = random.sample(("*", "--", "*.com", "com", "*.co.uk", "contoso.com", "*.contoso.com", "*.uk"), 2)
    return SendConnector(
        name=f"Out {number}",
        enabled=random.random() < 0.8,
        allow_relay=random.random() < 0.7,
        address_spaces=tuple(AddressSpace(space) for space in spaces[: random.randint(1, 2)]),
    )


def _grant(random: Random) -> Grant:
    who = random.choice([ANONYMOUS, ANONYMOUS.lower(), EXTERNALLY_SECURED, AUTHENTICATED_USERS])
    return Grant(who, random.choice(GRANTED).value, deny=random.random() < 0.3)


def _domains(random: Random) -> tuple[AcceptedDomain, ...]:
    names = random.sample(DOMAINS, random.randint(0, 3))
    others = tuple(
        AcceptedDomain(
            name=name,
            domain_name=name,
            domain_type=random.choice(list(DomainType)),
            match_subdomains=not name.startswith("*") and random.random() < 0.6,
            address_book_enabled=random.random() < 0.7,
        )
        for name in names
    )
    return (AcceptedDomain(name="Ours", domain_name="ours.example", default=True), *others)


def relayed(snapshot: Snapshot) -> set[Relayed]:
    """Every way in which a stranger relays, found by trying all of them on the decisions that answer clients."""
    policy, domains = Policy(snapshot), leaving(snapshot)
    return {
        Relayed(name, local, client, domain)
        for local, client, domain in product(product(ADDRESSES, PORTS), CLIENTS, domains)
        for name in taken_by(policy, local, client, domain)
    }


def leaving(snapshot: Snapshot) -> list[str]:
    """The foreign domains whose mail is not kept in mailboxes here."""
    router = Router(snapshot)
    return [domain for domain in FOREIGN if router.hop(f"x@{domain}", listed=False) != MAILBOX]


def arrivals(policy: Policy, local: tuple[str, int], client: str) -> Iterator[Outcome]:
    """How a client may connect: as itself; a load balancer, as whoever it likes, wherever that may be."""
    remote = client, 49152
    if front_end(policy, local, remote) is None:
        yield (outcome := connect(policy, local, remote, True))
        if policy.speaks_for_clients(outcome.session.connector, client):
            session = admitted(outcome.session, Load(0, 0), 0.0).session
            for claimed in CLAIMED:
                yield verbs.respond(session, xclient.line(claimed).encode(), 0.0)
        return
    yield introduced(policy, local, remote, Header(0), 0.0, True)
    for claimed, told in product(CLAIMED, product(ADDRESSES, PORTS)):
        outcome = introduced(policy, local, remote, Header(0, (claimed, 49153), told), 0.0, True)
        if outcome.session.via is not None and outcome.session.via.place == local:  # else it is tried there
            yield outcome


def taken_by(policy: Policy, local: tuple[str, int], client: str, domain: str) -> set[str]:
    """The connectors that take mail for somebody unlisted in the domain."""
    return set(filter(None, (_taken_by(outcome, domain) for outcome in arrivals(policy, local, client))))


def _taken_by(outcome: Outcome, domain: str) -> str:
    if outcome.decided_by == "no_connector":
        return ""
    session = outcome.session if outcome.reply is not None else admitted(outcome.session, Load(0, 0), 0.0).session
    for line in (b"EHLO client.example", b"MAIL FROM:<>", f"RCPT TO:<someone@{domain}>".encode()):
        outcome = verbs.respond(session, line, 0.0)
        session = outcome.session
    for action in outcome.actions:
        if isinstance(action, LookUpRecipient):
            outcome = rcpt.looked_up(session, action, False)
    return session.connector.name if outcome.reply is not None and outcome.reply.code == 250 else ""
