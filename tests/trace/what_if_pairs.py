"""Pairs of configuration and dialogue by chance, for the comparison of the what-if with a live transport."""

from __future__ import annotations

import random
from typing import Any

from msgspec.structs import replace

from tests.dns_server import Records
from tests.fuzz import lines, variants
from tests.receive.builders import QUICK
from transport.config.address_space import AddressSpace
from transport.config.endpoint import parse_binding, parse_range
from transport.config.permissions import Grant, Right
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.config.snapshot import Snapshot
from transport.receive.session import User
from transport.trace.what_if import Dialogue

ANNA = User("CONTOSO\\anna", ("Sales",), frozenset({"t@contoso.com"}))
LISTED = ("t@contoso.com", "t@sub.branch.example", "f@contoso.com")
CONNECTORS = 6
CALM: dict[str, Any] = {
    "tarpit_interval": 0, "auth_tarpit_interval": 0, "connection_timeout": 600, "connection_inactivity_timeout": 300,
    "message_rate_limit": None, "tls_certificate_name": "", "enabled": True,
}  # fmt: skip
"""Nothing that makes a client wait on purpose, and nothing that counts what other clients did."""
RANGES = ("0.0.0.0/0", "127.0.0.0/8", "127.0.0.0/29", "127.0.0.1", "127.0.0.2", "127.0.0.3-127.0.0.9", "10.0.0.0/8")
CLIENTS = tuple(f"127.0.0.{last}" for last in (1, 2, 3, 9, 200))
SENDERS = ("f@x.example", "t@contoso.com", "f@contoso.com", "f@mail.partner.example", "pest@victim.example", "")
RECIPIENTS = ("t@contoso.com", "postmaster", "t@victim.example", "t@sub.branch.example", "t@relayed.example")
CERTIFICATES = ((), (), ("mail.partner.example",), ("x.victim.example",))
HEADERS = (
    b"", b"Subject: x\r\n", b"From: pest@victim.example\r\nTo: t@contoso.com\r\n", b"Message-ID: <a@b.example>\r\n",
    b"Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\r\n" * 40, b"X: " + b"y" * 900 + b"\r\n", b"no field\r\n",
)  # fmt: skip
BODIES = (b"", b"\r\nHello\r\n", b"\r\n.\r\n..dots\r\n", b"\r\nbare\nline feeds\r\n", b"\r\n\xc3\xa9\r\n")
SIZES = (None, None, None, 5_000, 65_536, 65_537, 200_000)


def configuration(chance: random.Random, port: int) -> Snapshot:
    """Some connectors on loopback addresses, on one or on all, for some clients each; filters and domains around."""
    made = tuple(_connector(chance, number, port) for number in range(CONNECTORS))
    relays = SendConnector(name="Out", address_spaces=(AddressSpace("relayed.example"),), allow_relay=True)
    return replace(
        variants.snapshot(chance, *made),
        send_connectors=(relays,) if chance.random() < 0.5 else (),
    )


def _connector(chance: random.Random, number: int, port: int) -> ReceiveConnector:
    binding = chance.choice((f"127.0.0.1:{port}", f"0.0.0.0:{port}"))
    by_hand = Grant("Sales", chance.choice(list(Right)).value, chance.random() < 0.3)
    made = variants.connector(chance, calm=chance.random() < 0.6, **(QUICK | CALM))
    return replace(
        made,
        name=f"C{number}",
        enabled=chance.random() < 0.9,
        bindings=(parse_binding(binding),),
        remote_ip_ranges=tuple(map(parse_range, chance.sample(RANGES, chance.choice((1, 1, 2))))),
        grants=(*made.grants, by_hand) if chance.random() < 0.3 else made.grants,
    )


def dns(chance: random.Random) -> Records:
    """What the name server knows of the clients."""
    names: Records = {}
    for client in CLIENTS:
        octets = ".".join(reversed(client.split(".")))
        if chance.random() < 0.3:
            names[f"{octets}.list.example", "A"] = [chance.choice(("127.0.0.2", "127.0.0.1", "192.0.2.1"))]
        if chance.random() < 0.3:
            names[f"{octets}.in-addr.arpa", "PTR"] = ["client.test."]
            names["client.test", "A"] = [client]
    return names


def dialogue(chance: random.Random, port: int) -> Dialogue:
    """Mostly sensible."""
    return Dialogue(
        client=chance.choice(CLIENTS),
        local=("127.0.0.1", port),
        tls=chance.random() < 0.3,
        certificate=chance.choice(CERTIFICATES),
        helo=chance.choice(lines.NAMES) if chance.random() < 0.2 else "client.test",
        extended=chance.random() < 0.9,
        user=ANNA if chance.random() < 0.3 else None,
        sender=chance.choice(lines.ADDRESSES if chance.random() < 0.2 else SENDERS),
        recipients=tuple(
            chance.choice(lines.ADDRESSES if chance.random() < 0.2 else RECIPIENTS)
            for _ in range(chance.choice((1, 1, 2, 3)))
        ),
        size=chance.choice(SIZES),
        content=chance.choice(HEADERS) + chance.choice(BODIES),
    )
