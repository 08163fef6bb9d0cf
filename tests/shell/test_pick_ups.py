"""ETRN on a live transport: PostgreSQL lets the mail go that is kept, and no client can wait for it for long."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from argon2 import PasswordHasher

from tests.receive.builders import domain
from tests.shell.running_transport import Client, RunningTransport
from transport.config import bounds
from transport.config.accepted_domain import AcceptedDomain, DeliverTo, PickUp
from transport.config.address_space import AddressSpace
from transport.config.endpoint import IPRange
from transport.config.permissions import PermissionGroup
from transport.config.receive_connector import AuthMechanism
from transport.config.send_connector import DeliveryWindow, SendConnector

pytestmark = pytest.mark.django_db(transaction=True)
GROUPS = frozenset({PermissionGroup.AnonymousUsers, PermissionGroup.ExchangeUsers})
MOST = bounds.PICK_UPS.lines or 0
MOST_DOMAINS = bounds.PICK_UP.lines or 0


def kept(name: str, *principals: str, **changes: Any) -> AcceptedDomain:
    return domain(name, deliver_to=DeliverTo.PickUp, pick_up_principals=principals, **changes)


def triggered(name: str, space: str) -> SendConnector:
    return SendConnector(
        name=name, address_spaces=(AddressSpace(space),), dns_routing_enabled=False, smart_hosts=("[192.0.2.9]",),
        delivery_window=DeliveryWindow.OnTrigger,
    )  # fmt: skip


@pytest.fixture
def query(database_url: str) -> Iterator[Any]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection.execute


@pytest.fixture
def transport(database_url: str, query: Any) -> Iterator[RunningTransport]:
    query(
        "INSERT INTO users_user (domain, name, password) VALUES ('CONTOSO', 'branch', %s)",
        (PasswordHasher().hash("Winter-7-rain"),),
    )
    running = RunningTransport(database_url)
    running.publish(
        running.connector(auth_mechanism=frozenset({AuthMechanism.BasicAuth}), permission_groups=GROUPS),
        accepted_domains=(
            domain("gatepost.test", default=True),
            kept(
                "branch.test",
                r"contoso\BRANCH",
                pick_up_ranges=(IPRange("127.0.0.1"),),
                pick_up_methods=frozenset({PickUp.Etrn, PickUp.Atrn}),
            ),
            kept("*.shops.test", r"CONTOSO\branch"),
            kept("*.head.shops.test", "Somebody else"),
            kept("other.test", "Somebody else"),
        ),
        send_connectors=(triggered("Branch", "branch.test"), triggered("Other", "other.test")),
    )
    running.start()
    yield running
    running.remove()


def signed_in(transport: RunningTransport) -> Client:
    client = transport.greeted()
    assert client.say("AUTH PLAIN " + base64.b64encode(b"\0CONTOSO\\branch\0Winter-7-rain").decode()).startswith("235 ")
    return client


def wait_for_branch(query: Any, *domains: str, messages: int = 1) -> None:
    for name in domains:
        query(
            "INSERT INTO queues_nexthop (key, delivery_type, domain, connector, kept) "
            "VALUES ('kept:' || %(name)s, 'PickUpDelivery', %(name)s, '', true)", {"name": name},
        )  # fmt: skip
        for _ in range(messages):
            query(
                "INSERT INTO queues_recipient (message_id, address, next_hop, due_at, notice_at) "
                "VALUES (%s, 'a@' || %s, 'kept:' || %s, now() + interval '1 hour', now())", (uuid4(), name, name),
            )  # fmt: skip


def wait_for_connectors(query: Any, *names: str) -> None:
    for name in names:
        query(
            "INSERT INTO queues_nexthop (key, delivery_type, domain, connector, kept) "
            "VALUES ('smarthost:' || %(name)s, 'SmartHostConnectorDelivery', %(name)s, %(name)s, true)", {"name": name},
        )  # fmt: skip
        query(
            "INSERT INTO queues_recipient (message_id, address, next_hop, due_at, notice_at) "
            "VALUES (%s, 'a@hq.test', 'smarthost:' || %s, now() + interval '1 hour', now())", (uuid4(), name),
        )  # fmt: skip


def still_kept(query: Any) -> list[str]:
    return [row[0] for row in query("SELECT domain FROM queues_nexthop WHERE kept ORDER BY domain")]


def test_what_is_asked_for_is_due_at_once_and_who_signed_in_hears_how_much(transport: Any, query: Any) -> None:
    wait_for_branch(query, "branch.test", "other.test", messages=3)
    query("LISTEN gatepost_queue")
    client = signed_in(transport)
    assert client.say("ETRN other.test") == "459 4.7.1 Node not allowed"
    assert client.say("ETRN Branch.test") == "253 2.0.0 3 pending messages started"
    assert still_kept(query) == ["other.test"]
    due = query("SELECT DISTINCT next_hop FROM queues_recipient WHERE due_at <= now()").fetchall()
    assert due == [("kept:branch.test",)]


def test_whoever_asks_triggers_the_connector_by_which_their_mail_goes(transport: Any, query: Any) -> None:
    wait_for_branch(query, "branch.test")
    wait_for_connectors(query, "Branch", "Other")
    client = signed_in(transport)
    assert client.say("ETRN other.test") == "459 4.7.1 Node not allowed"
    assert client.say("ETRN branch.test") == "253 2.0.0 2 pending messages started"
    assert still_kept(query) == ["Other"]


def test_so_does_who_asks_by_atrn_and_has_no_mail(transport: Any, query: Any) -> None:
    wait_for_connectors(query, "Branch", "Other")
    client = signed_in(transport)
    assert client.say("ATRN branch.test,other.test") == "450 4.7.1 Request refused"
    assert still_kept(query) == ["Branch", "Other"]
    assert client.say("ATRN branch.test") == "453 You have no mail"
    assert still_kept(query) == ["Other"]


def test_with_an_at_sign_all_domains_below_that_are_ones_own(transport: Any, query: Any) -> None:
    wait_for_branch(query, "one.shops.test", "two.shops.test", "x.head.shops.test", "xshops.test")
    assert signed_in(transport).say("ETRN @shops.test") == "253 2.0.0 2 pending messages started"
    assert still_kept(query) == ["x.head.shops.test", "xshops.test"]


def test_where_nothing_waits_what_comes_next_is_kept_too(transport: Any, query: Any) -> None:
    wait_for_branch(query, "branch.test", messages=0)
    assert signed_in(transport).say("ETRN branch.test") == "251 2.0.0 No messages waiting"
    assert still_kept(query) == ["branch.test"]


def test_an_address_alone_is_not_told_how_much_waits(transport: Any, query: Any) -> None:
    wait_for_branch(query, "branch.test")
    client = transport.greeted()
    assert client.say("ETRN branch.test") == "250 2.0.0 Queuing started"
    assert client.say("ETRN branch.test") == "250 2.0.0 Queuing started"
    assert still_kept(query) == []


def test_who_asks_more_often_than_ten_times_an_hour_waits(transport: Any, query: Any) -> None:
    for turn in range(MOST + 1):
        answer = transport.greeted().say("ETRN branch.test")
        assert answer == ("250 2.0.0 Queuing started" if turn < MOST else
                          "458 4.7.1 Unable to queue messages, asked too often")  # fmt: skip
    assert signed_in(transport).say("ETRN branch.test") == "251 2.0.0 No messages waiting"


def test_one_request_lets_go_a_thousand_domains_and_the_next_one_the_rest(transport: Any, query: Any) -> None:
    wait_for_branch(query, *(f"d{number:04}.shops.test" for number in range(MOST_DOMAINS + 2)))
    client = signed_in(transport)
    assert client.say("ETRN @shops.test") == f"253 2.0.0 {MOST_DOMAINS} pending messages started"
    assert len(still_kept(query)) == 2
    client.say("ETRN @shops.test")
    assert still_kept(query) == []


def test_while_postgresql_is_away_the_client_is_told_so_and_goes_on(transport: Any) -> None:
    transport.stop()
    transport.variables["DATABASE_URL"] = "postgresql://127.0.0.1:1/none"
    transport.start()
    client = transport.greeted()
    assert client.say("ETRN branch.test") == "458 4.3.0 Unable to queue messages, try again later"
    assert client.message(b"Subject: x\r\n\r\nx").startswith("250 2.6.0 ")
