"""Two copies of Gatepost that keep mail for each other, and ask each other for it by ATRN over TLS at the same time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import msgspec
import psycopg
import pytest
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from django.db import connections
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.receive.builders import domain
from tests.shell.certificates import SECRET, certificate
from tests.shell.running_transport import RunningTransport
from tests.waiting import wait_for
from transport.config import document
from transport.config.accepted_domain import DeliverTo, PickUp
from transport.config.address_space import AddressSpace
from transport.config.credential import Secrets
from transport.config.permissions import PermissionGroup
from transport.config.receive_connector import AuthMechanism
from transport.config.send_connector import RequestMail, SendConnector, SmartHostAuth
from transport.deliver.database import pool

pytestmark = pytest.mark.django_db(transaction=True)
GROUPS = frozenset({PermissionGroup.AnonymousUsers, PermissionGroup.ExchangeUsers})
SIGN_IN = frozenset({AuthMechanism.Tls, AuthMechanism.BasicAuth})
BUSY = "SELECT FROM pg_stat_activity WHERE datname = %s"
PASSWORD = "Winter-7-rain"


class Copy:
    """One installation: its own domain, and mail that it keeps for the domain of the other."""

    def __init__(self, url: str, own: str, others: str) -> None:
        self.own, self.others = own, others
        self.running = RunningTransport(url, name=own)
        self.running.variables |= {"GATEPOST_NODE": f"gw.{own}", "GATEPOST_SECRET_KEY": SECRET.decode()}
        self.database = psycopg.connect(url, autocommit=True)
        self.query = self.database.execute

    def start(self, other: Copy) -> None:
        hashed = PasswordHasher().hash(PASSWORD)
        self.query("INSERT INTO users_user (domain, name, password) VALUES ('X', 'partner', %s)", (hashed,))
        sealed = Fernet(SECRET).encrypt(msgspec.json.encode(Secrets(password=PASSWORD))).decode()
        self.query(
            "INSERT INTO credentials_credential (name, kind, user_name, encrypted) "
            "VALUES ('Partner', 'Password', 'X\\partner', %s)", (sealed,),
        )  # fmt: skip
        asking = SendConnector(
            name="Partner", address_spaces=(AddressSpace("*"),), dns_routing_enabled=False, require_tls=True,
            smart_hosts=("[127.0.0.1]",), port=other.running.port, request_mail=RequestMail.Atrn,
            request_mail_domains=(self.own,), request_mail_receive_connector="Default",
            smart_host_auth_mechanism=SmartHostAuth.BasicAuthRequireTLS, authentication_credential=("Partner",),
        )  # fmt: skip
        kept = domain(
            self.others, deliver_to=DeliverTo.PickUp, pick_up_principals=("X\\partner",),
            pick_up_methods=frozenset(PickUp),
        )  # fmt: skip
        snapshot = self.running.snapshot(
            self.running.connector(auth_mechanism=SIGN_IN, permission_groups=GROUPS),
            send_connectors=(asking,), accepted_domains=(domain(self.own, default=True), kept),
            certificates=(certificate(),), revision=int(time.time()),
        )  # fmt: skip
        text = document.encode(snapshot)
        self.query(
            "INSERT INTO publishing_configrevision (number, document, checksum, author, comment) "
            "VALUES (%s, %s, %s, '', '')", (snapshot.revision, text.decode(), document.checksum(text)),
        )  # fmt: skip
        self.running.start()

    def keep(self, messages: int) -> None:
        """Mail for the other one."""
        self.query(
            "INSERT INTO queues_nexthop (key, delivery_type, domain, connector, kept) "
            "VALUES ('kept:' || %(name)s, 'PickUpDelivery', %(name)s, '', true)", {"name": self.others},
        )  # fmt: skip
        for number in range(messages):
            identity, content = uuid4(), b"Subject: %d\r\n\r\nx\r\n" % number
            self.query(
                "INSERT INTO queues_message (id, accepted_at, transport, connector, revision, session_id, "
                "client_address, helo, tls, principal, authenticated, sender, subject, message_id, size, body_type, "
                "recipient_count, expires_at) VALUES (%s, now(), '', '', 1, '', '', '', false, '', false, "
                "'ann@x.test', '', '', %s, '7BIT', 1, now() + interval '1 day')", (identity, len(content)),
            )  # fmt: skip
            self.query("INSERT INTO queues_content (message_id, number, chunk) VALUES (%s, 0, %s)", (identity, content))
            self.query(
                "INSERT INTO queues_recipient (message_id, address, next_hop, due_at, notice_at) "
                "VALUES (%s, 'a@' || %s, 'kept:' || %s, now(), now() + interval '1 day')",
                (identity, self.others, self.others),
            )

    def pull(self) -> None:
        self.query(
            "INSERT INTO connectors_pull (connector, handed_at) VALUES ('Partner', now()) "
            "ON CONFLICT (connector) DO UPDATE SET handed_at = now(), asked_at = NULL"
        )
        self.query("NOTIFY gatepost_pull")

    def told(self) -> str:
        asked = "SELECT words FROM connectors_pull WHERE asked_at IS NOT NULL"
        wait_for(lambda: self.query(asked).fetchone() is not None, f"{self.own} hears nothing: {self.running.log}")
        return str(self.query(asked).fetchall()[0][0])

    def statuses(self) -> list[str]:
        return [row[0] for row in self.query("SELECT status FROM queues_recipient ORDER BY id")]

    def remove(self) -> None:
        self.running.remove()
        self.database.close()


@pytest.fixture
def second_url(database_url: str) -> Iterator[str]:
    """Another database, as empty as the first."""
    connections.close_all()
    pool().close()
    pool.cache_clear()
    name = conninfo_to_dict(database_url)["dbname"]
    second = f"{name}_second"
    with psycopg.connect(make_conninfo(database_url, dbname="postgres"), autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        wait_for(lambda: not admin.execute(BUSY, (name,)).fetchone(), "somebody is at work in the first database")
        admin.execute(f'CREATE DATABASE "{second}" TEMPLATE "{name}"')
        yield make_conninfo(database_url, dbname=second)
        admin.execute(f'DROP DATABASE "{second}" WITH (FORCE)')


@pytest.fixture
def copies(database_url: str, second_url: str) -> Iterator[tuple[Copy, Copy]]:
    left, right = Copy(database_url, "left.test", "right.test"), Copy(second_url, "right.test", "left.test")
    left.start(right)
    right.start(left)
    yield left, right
    left.remove()
    right.remove()


def test_each_gets_what_the_other_one_keeps_and_nothing_goes_round(copies: Any) -> None:
    left, right = copies
    left.keep(20)
    right.keep(30)
    with ThreadPoolExecutor(2) as both:
        list(both.map(Copy.pull, copies))
    told = [copy.told() for copy in copies]
    assert [words.rpartition(" (")[0] for words in told] == ["[127.0.0.1] handed its mail over"] * 2, told
    assert {each.envelope.recipients for each in left.running.records()} == {("a@left.test",)}
    assert len(list(left.running.records())) == 30 and len(list(right.running.records())) == 20
    wait_for(lambda: left.statuses() == ["delivered"] * 20, "left has not written down what was taken")
    wait_for(lambda: right.statuses() == ["delivered"] * 30, "right has not written down what was taken")
    assert all(each.envelope.tls for each in left.running.records())
    for copy in copies:
        copy.pull()
    assert [copy.told() for copy in copies] == ["no mail waits"] * 2
    assert len(list(left.running.records())) == 30, "nothing came again"


def test_strangers_hear_the_same_of_both_whatever_waits(copies: Any) -> None:
    copies[0].keep(1)
    heard = []
    for copy in copies:
        client = copy.running.greeted()
        names = (copy.others, copy.own, "nowhere.test")
        heard.append([client.say(f"{verb} {name}") for verb in ("ETRN", "ATRN") for name in names])
    assert heard[0] == heard[1]
    assert len(set(heard[0][:3])) == len(set(heard[0][3:])) == 1
