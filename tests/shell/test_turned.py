"""ATRN on a live transport: the roles are swapped, and mail leaves over the connection that its owner opened."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from argon2 import PasswordHasher

from tests.receive.builders import domain
from tests.shell.certificates import SECRET, certificate
from tests.shell.running_transport import Client, RunningTransport
from tests.waiting import wait_for
from transport.config import bounds, document
from transport.config.accepted_domain import AcceptedDomain, DeliverTo, PickUp
from transport.config.permissions import PermissionGroup
from transport.config.receive_connector import AuthMechanism
from transport.config.snapshot import Snapshot

pytestmark = pytest.mark.django_db(transaction=True)
GROUPS = frozenset({PermissionGroup.AnonymousUsers, PermissionGroup.ExchangeUsers})
MOST = bounds.TURNED.lines or 0


def kept(name: str, *principals: str) -> AcceptedDomain:
    return domain(name, deliver_to=DeliverTo.PickUp, pick_up_principals=principals, pick_up_methods=frozenset(PickUp))


@pytest.fixture
def query(database_url: str) -> Iterator[Any]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection.execute


@pytest.fixture
def transport(database_url: str, query: Any) -> Iterator[RunningTransport]:
    hashed = PasswordHasher().hash("Winter-7-rain")
    query("INSERT INTO users_user (domain, name, password) VALUES ('CONTOSO', 'branch', %s)", (hashed,))
    running = RunningTransport(database_url)
    connector = running.connector(
        auth_mechanism=frozenset({AuthMechanism.Tls, AuthMechanism.BasicAuth}), permission_groups=GROUPS
    )
    ours = domain("gatepost.test", default=True)
    domains = (ours, kept("branch.test", r"CONTOSO\branch"), kept("other.test", "Nobody"))
    running.variables["GATEPOST_SECRET_KEY"] = SECRET.decode()
    snapshot: Snapshot = running.snapshot(
        connector, accepted_domains=domains, revision=int(time.time()), certificates=(certificate(),)
    )
    text = document.encode(snapshot)
    query(
        "INSERT INTO publishing_configrevision (number, document, checksum, author, comment) "
        "VALUES (%s, %s, %s, '', '')", (snapshot.revision, text.decode(), document.checksum(text)),
    )  # fmt: skip
    running.start()
    yield running
    print(running.log)
    running.remove()


@pytest.fixture
def waits(query: Any) -> Callable[..., UUID]:
    """Put a message for a domain into the queue."""

    def waits(name: str, content: bytes = b"Subject: x\r\n\r\n.dot\r\n") -> UUID:
        identity = uuid4()
        query(
            "INSERT INTO queues_nexthop (key, delivery_type, domain, connector, kept) "
            "VALUES ('kept:' || %(name)s, 'PickUpDelivery', %(name)s, '', true) ON CONFLICT DO NOTHING", {"name": name},
        )  # fmt: skip
        query(
            "INSERT INTO queues_message (id, accepted_at, transport, connector, revision, session_id, client_address, "
            "helo, tls, principal, authenticated, sender, subject, message_id, size, body_type, recipient_count, "
            "expires_at) VALUES (%s, now(), '', '', 1, '', '', '', false, '', false, 'ann@x.test', '', '', %s, '7BIT', "
            "1, now() + interval '1 day')", (identity, len(content)),
        )  # fmt: skip
        query("INSERT INTO queues_content (message_id, number, chunk) VALUES (%s, 0, %s)", (identity, content))
        query(
            "INSERT INTO queues_recipient (message_id, address, next_hop, due_at, notice_at) "
            "VALUES (%s, 'a@' || %s, 'kept:' || %s, now(), now() + interval '1 day')", (identity, name, name),
        )  # fmt: skip
        return identity

    return waits


def signed_in(transport: RunningTransport) -> Client:
    client = transport.greeted()
    assert client.say("AUTH PLAIN " + base64.b64encode(b"\0CONTOSO\\branch\0Winter-7-rain").decode()).startswith("235 ")
    return client


class Owner:
    """The one who asked, as a server from then on."""

    def __init__(self, client: Client) -> None:
        self.client, self.messages = client, list[bytes]()

    def greet(self) -> None:
        self.client.send(b"220 branch ready\r\n")
        assert self.client.line().startswith("EHLO gateway.test")
        self.client.send(b"250 branch\r\n")

    def take(self, most: int = 100) -> None:
        """Messages until QUIT; hangs up in the middle of the one after `most`."""
        while line := self.client.line():
            if line == "QUIT":
                self.client.send(b"221 bye\r\n")
                return
            self.client.send(b"354 go\r\n" if line == "DATA" else b"250 ok\r\n")
            if line == "DATA":
                lines = list(iter(self.client.line, "."))
                if len(self.messages) == most:
                    self.client.close()
                    return
                self.messages.append("\r\n".join(lines).encode())
                self.client.send(b"250 taken\r\n")


def statuses(query: Any) -> list[str]:
    return [row[0] for row in query("SELECT status FROM queues_recipient ORDER BY id")]


@pytest.mark.parametrize("command", ["ATRN", "ATRN branch.test", "TURN"])
def test_the_roles_are_swapped_and_the_owner_gets_all_of_it(
    transport: Any, query: Any, waits: Any, command: str
) -> None:
    for _ in range(3):
        waits("branch.test")
    waits("other.test")
    client = signed_in(transport)
    assert client.say(command) == "250 2.0.0 OK now reversing the connection"
    owner = Owner(client)
    owner.greet()
    owner.take()
    assert owner.messages == [b"Subject: x\r\n\r\n..dot"] * 3
    wait_for(lambda: statuses(query) == ["delivered"] * 3 + ["ready"], "what was taken is not delivered")
    assert query("SELECT kept FROM queues_nexthop WHERE domain = 'branch.test'").fetchone() == (True,)
    assert client.line() == ""


def test_over_tls_all_of_it_stays_within_tls(transport: Any, query: Any, waits: Any) -> None:
    large = b"Subject: x\r\n\r\n" + b"y" * 70 + b"\r\n" * 10_000
    waits("branch.test", large)
    client = transport.greeted()
    assert client.say("STARTTLS").startswith("220 ")
    client.start_tls()
    client.say("EHLO branch")
    assert client.say("AUTH PLAIN " + base64.b64encode(b"\0CONTOSO\\branch\0Winter-7-rain").decode())[:4] == "235 "
    assert client.say("ATRN branch.test").startswith("250 ")
    owner = Owner(client)
    owner.greet()
    owner.take()
    assert owner.messages == [large.removesuffix(b"\r\n")]
    wait_for(lambda: statuses(query) == ["delivered"], "what was taken is not delivered")
    assert query("SELECT protection LIKE 'TLSv1%%' FROM queues_recipient").fetchone() == (True,)
    assert client.connection.version().startswith("TLSv1") and client.line() == ""


def test_what_is_cut_short_waits_and_comes_again(transport: Any, query: Any, waits: Any) -> None:
    for _ in range(3):
        waits("branch.test")
    client = signed_in(transport)
    client.say("ATRN")
    owner = Owner(client)
    owner.greet()
    owner.take(most=1)
    wait_for(lambda: sorted(statuses(query)) == ["delivered", "ready", "ready"], "one was taken")
    wait_for(
        lambda: query("SELECT count(*) FROM queues_recipient WHERE claimed_by IS NOT NULL").fetchone() == (0,), "claims"
    )
    query("UPDATE queues_recipient SET due_at = now()")
    client = signed_in(transport)
    assert client.say("ATRN").startswith("250 ")
    owner = Owner(client)
    owner.greet()
    owner.take()
    wait_for(lambda: statuses(query) == ["delivered"] * 3, "the rest was taken")
    assert len(owner.messages) == 2


def test_a_client_that_says_nothing_any_more_holds_a_place_and_the_fifth_is_asked_to_come_again(
    transport: Any, query: Any, waits: Any
) -> None:
    waits("branch.test")
    silent = [signed_in(transport) for _ in range(MOST)]
    for client in silent:
        assert client.say("ATRN").startswith("250 ")
    assert signed_in(transport).say("ATRN") == "451 4.3.0 Unable to process the request now"
    for client in silent:
        client.close()
    wait_for(lambda: signed_in(transport).say("ATRN").startswith("250 "), "the places are free again")
    assert statuses(query) == ["ready"]


def test_where_no_mail_waits_nothing_is_swapped(transport: Any) -> None:
    client = signed_in(transport)
    assert client.say("ATRN") == "453 You have no mail"
    assert client.say("NOOP").startswith("250 ")


def test_a_transport_that_dies_in_the_middle_leaves_the_mail(transport: Any, query: Any, waits: Any) -> None:
    waits("branch.test")
    client = signed_in(transport)
    client.say("ATRN")
    Owner(client).greet()
    assert client.line().startswith("MAIL FROM")
    transport.kill()
    assert statuses(query) == ["ready"]
