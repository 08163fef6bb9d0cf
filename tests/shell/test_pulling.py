"""ATRN as a puller: we open the connection, the roles are swapped, and our own Receive connector takes the mail."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from tests.deliver.conftest import Scripted
from tests.receive.builders import domain
from tests.shell.running_transport import RunningTransport
from tests.waiting import wait_for
from transport.config import document
from transport.config.address_space import AddressSpace
from transport.config.send_connector import RequestMail, SendConnector

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def query(database_url: str) -> Iterator[Any]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection.execute


@pytest.fixture
def holders() -> Iterator[list[Scripted]]:
    started: list[Scripted] = []
    yield started
    for server in started:
        server.shutdown()
        server.server_close()


Pull = Callable[..., RunningTransport]


@pytest.fixture
def pull(database_url: str, query: Any, holders: list[Scripted]) -> Iterator[Pull]:
    """A transport that asks a server, which does what a function says, for mail."""
    running = RunningTransport(database_url)

    def pull(script: Callable[[socket.socket], None], by: str = "Pulled", **changes: Any) -> RunningTransport:
        holders.append(Scripted(script))
        asking = SendConnector(
            name="ISP", address_spaces=(AddressSpace("*"),), dns_routing_enabled=False, smart_hosts=("[127.0.0.1]",),
            request_mail_server=f"[127.0.0.1]:{holders[0].port}", request_mail_receive_connector=by,
            **({"request_mail": RequestMail.Atrn, "request_mail_domains": ("branch.test",)} | changes),
        )  # fmt: skip
        snapshot = running.snapshot(
            running.connector("Pulled", ranges="192.0.2.1", banner="220 Pulled"), running.connector(ranges="127.0.0.1"),
            send_connectors=(asking,), accepted_domains=(domain("branch.test", default=True),),
            revision=int(time.time()),
        )  # fmt: skip
        text = document.encode(snapshot)
        query(
            "INSERT INTO publishing_configrevision (number, document, checksum, author, comment) "
            "VALUES (%s, %s, %s, '', '')", (snapshot.revision, text.decode(), document.checksum(text)),
        )  # fmt: skip
        running.start()
        query("INSERT INTO connectors_pull (connector, handed_at) VALUES ('ISP', now())")
        query("NOTIFY gatepost_pull")
        return running

    yield pull
    running.remove()


class Holder:
    """Answers ATRN or TURN, and then hands `messages` over; hangs up in the middle of the one after `most`."""

    def __init__(self, answer: str = "250 OK now reversing", messages: int = 2, most: int = 100) -> None:
        self.answer, self.messages, self.most = answer, messages, most
        self.heard: list[str] = []
        self.taken: list[str] = []

    def __call__(self, client: socket.socket) -> None:
        file = client.makefile("rb")

        def hear() -> str:
            line = file.readline().decode().rstrip("\r\n")
            while line[3:4] == "-":
                line = file.readline().decode().rstrip("\r\n")
            self.heard.append(line)
            return line

        def say(line: str) -> None:
            client.sendall(line.encode() + b"\r\n")

        say("220 isp")
        hear()
        say("250-isp\r\n250 ATRN")
        hear()
        say(self.answer)
        if not self.answer.startswith("250"):
            hear()
            return
        hear()
        for command in ("EHLO isp",):
            say(command)
            hear()
        for number in range(self.messages):
            for command in ("MAIL FROM:<ann@x.test>", "RCPT TO:<bob@branch.test>", "DATA"):
                say(command)
                hear()
            if number == self.most:
                say("Subject: cut")
                return
            say(f"Subject: {number}\r\n\r\nbody\r\n.")
            self.taken.append(hear())
        say("QUIT")
        hear()


def told(query: Any) -> tuple[str, bool]:
    wait_for(lambda: query("SELECT FROM connectors_pull WHERE asked_at IS NOT NULL").fetchone() is not None, "no word")
    words, refused = query("SELECT words, is_refused FROM connectors_pull").fetchone()
    return words, refused


@pytest.mark.parametrize(("how", "command"), [(RequestMail.Atrn, "ATRN branch.test"), (RequestMail.Turn, "TURN")])
def test_the_mail_is_in_the_journal_before_its_holder_hears_250(
    pull: Pull, query: Any, how: RequestMail, command: str
) -> None:
    holder = Holder()
    transport = pull(holder, request_mail=how)
    words, refused = told(query)
    assert holder.heard[1] == command
    assert holder.heard[2] == "220 Pulled"
    assert [reply[:9] for reply in holder.taken] == ["250 2.6.0"] * 2
    assert [record.envelope.recipients for record in transport.records()] == [("bob@branch.test",)] * 2
    assert {record.envelope.connector for record in transport.records()} == {"Pulled"}
    assert words.startswith("[127.0.0.1] handed its mail over (") and not refused


def test_no_mail_is_no_refusal(pull: Pull, query: Any) -> None:
    pull(Holder("453 You have no mail"))
    assert told(query) == ("no mail waits", False)


def test_a_refusal_is_told_and_needs_attention(pull: Pull, query: Any) -> None:
    pull(Holder("450 ATRN request refused"))
    assert told(query) == ("refused (450 ATRN request refused)", True)


def test_without_its_receive_connector_nothing_is_opened(pull: Pull, query: Any, holders: list[Scripted]) -> None:
    pull(Holder(), by="Gone")
    assert told(query) == ("there is no enabled Receive connector “Gone”", True)
    assert not holders[0].connections


def test_what_the_holder_cuts_short_is_not_taken(pull: Pull, query: Any) -> None:
    transport = pull(Holder(messages=2, most=1))
    told(query)
    assert [record.envelope.subject for record in transport.records()] == ["0"]


def test_a_transport_that_dies_in_the_middle_has_what_it_confirmed(pull: Pull) -> None:
    holder = Holder(messages=100_000)
    transport = pull(holder)
    wait_for(lambda: len(holder.taken) > 5, "no mail is taken")
    transport.kill()
    confirmed = sum(reply.startswith("250 2.6.0") for reply in list(holder.taken))
    assert len(list(transport.records())) >= confirmed


def test_a_holder_that_speaks_before_it_may_is_refused(pull: Pull, query: Any) -> None:
    pull(Holder("250 OK now reversing\r\nEHLO isp"))
    words, refused = told(query)
    assert words == "[127.0.0.1]: what came is no reply: EHLO isp" or "before the roles were swapped" in words
    assert refused
