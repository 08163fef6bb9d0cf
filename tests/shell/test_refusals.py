"""Every place of the shell that asks the core for an answer is reached, over sockets; and what the log says of it."""

from __future__ import annotations

import asyncio
import base64
import re
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import spnego
import uvloop

from tests.conftest import wait_for
from tests.receive.builders import domain
from tests.receive.reply_sites import CATALOGUE, Trace, calls
from tests.shell.running_transport import Client, RunningTransport
from transport.config.accepted_domain import AcceptedDomain, DeliverTo, PickUp
from transport.config.connection_filter import IPListEntry
from transport.config.endpoint import IPRange
from transport.config.filters import RecipientFilter, SenderFilter
from transport.config.permissions import PermissionGroup
from transport.config.receive_connector import (
    AuthMechanism,
    MessageRateSource,
    ProtocolLoggingLevel,
    ReceiveConnector,
)
from transport.deliver.pulling import Swapped
from transport.receive.outcome import CheckPassword
from transport.receive.rules import REFUSALS
from transport.receive.session import User
from transport.trace.line import COLUMNS
from transport.worker import Transport, environment

FOLDER = "transport/shell"
HEALTH = b"\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00"
"""The header of a load balancer that speaks for itself."""
WITH_USERS = frozenset({PermissionGroup.AnonymousUsers, PermissionGroup.ExchangeUsers})


class TracedTransport(RunningTransport):
    """The transport in a thread of this process, whose every line is noted."""

    def __init__(self) -> None:
        super().__init__()
        self.trace = Trace(FOLDER)
        self.loop: asyncio.AbstractEventLoop | None = None
        self.thread = threading.Thread(target=self._run)

    def begin(self) -> None:
        self.thread.start()
        wait_for(self.facts, "the transport does not serve")

    def end(self) -> None:
        assert self.loop is not None
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join()

    def _run(self) -> None:
        with self.trace:
            uvloop.run(self._serve())

    async def _serve(self) -> None:
        self.loop, self.stopping = asyncio.get_running_loop(), asyncio.Event()
        self.worker = Transport(environment({"GATEPOST_HOME": str(self.home), **self.variables}), self.loop)
        await self.worker.start()
        await self.stopping.wait()
        await self.worker.stop()


def connectors(transport: RunningTransport) -> list[ReceiveConnector]:
    def one(name: str, address: str, **values: Any) -> ReceiveConnector:
        logged = {"protocol_logging_level": ProtocolLoggingLevel.Verbose}
        return transport.connector(name, ranges=address, **logged, **values)

    rate = {"message_rate_limit": 1, "message_rate_source": MessageRateSource.IPAddress}
    sign_in = frozenset({AuthMechanism.BasicAuth, AuthMechanism.Integrated})
    return [
        one(
            "Usual",
            "127.0.0.1",
            auth_mechanism=sign_in,
            permission_groups=WITH_USERS,
            max_message_size=65536,
            max_protocol_errors=None,
            proxy_protocol_from=(IPRange("127.0.0.9"),),
        ),
        one("Slow", "127.0.0.2", **rate),
        one("Silent", "127.0.0.3", connection_inactivity_timeout=1),
        one("Short", "127.0.0.4", connection_timeout=1),
        one("Large", "127.0.0.5", max_protocol_errors=2),
        one("One", "127.0.0.6", max_inbound_connection=1),
        one("Held", "127.0.0.8", tarpit_interval=1),
    ]


@pytest.fixture(scope="module")
def traced() -> Iterator[TracedTransport]:
    """After it has been provoked in every way, and has ended."""
    transport = TracedTransport()
    transport.publish(
        *connectors(transport),
        recipient_filter=RecipientFilter(block_list_enabled=True, blocked_recipients=("old@gatepost.test",)),
        sender_filter=SenderFilter(blocked_domains_and_subdomains=("pest.example",)),
        accepted_domains=(domain("gatepost.test", default=True), kept("branch.test")),
        ip_list_entries=(IPListEntry(ip_range="127.0.0.8", comment='=HYPERLINK("x"), Büro\r\n€'),),
    )
    transport.list_recipients(["bob@gatepost.test"])
    transport.begin()
    try:
        late = transport.client("127.0.0.9")
        waiting = [greeted(transport, "127.0.0.3"), greeted(transport, "127.0.0.4")]
        provoke(transport)
        assert [said(client)[-1] for client in waiting] == [
            "451 4.7.0 Timeout waiting for client input", "421 4.4.1 Connection timed out",
        ]  # fmt: skip
        assert said(late) == []
        last = transport.greeted()
    finally:
        transport.end()
    assert said(last) == ["421 4.3.2 Service not available, closing transmission channel"]
    yield transport
    transport.remove()


def kept(name: str) -> AcceptedDomain:
    return domain(
        name, deliver_to=DeliverTo.PickUp, pick_up_ranges=(IPRange("127.0.0.0/8"),), pick_up_principals=("Branches",),
        pick_up_methods=frozenset(PickUp),
    )  # fmt: skip


def greeted(transport: RunningTransport, source: str) -> Client:
    client = transport.client(source)
    assert client.line().startswith("220 ")
    return client


def said(client: Client) -> list[str]:
    """All that is still to come, up to the end of the connection."""
    return list(iter(client.line, ""))


def provoke(transport: TracedTransport) -> None:
    """One way to each refusal that the shell has a part in."""
    talk_too_early(transport)
    assert said(transport.client("127.0.0.7")) == ["554 5.7.1 No Receive connector answers this address"]
    only = greeted(transport, "127.0.0.6")
    assert said(transport.client("127.0.0.6"))[0].startswith("421 4.3.2 The maximum number of concurrent connections ")
    only.close()
    client = transport.greeted()
    assert client.say("NOOP " + "x" * 20_000) == "500 5.5.2 Line too long"
    client.send(b"NOOP\n")
    assert client.line() == "500 5.5.2 Commands must end with CRLF"
    assert client.say('FROB ",\\\x7f') == "501 5.5.4 Invalid arguments"
    client.send(b"BDAT 3\r\nabc")
    assert client.line() == "503 5.5.2 Need mail command"
    assert client.say("AUTH NTLM " + base64.b64encode(b"nonsense").decode()).startswith("501 5.5.2 ")
    assert client.say("AUTH PLAIN " + base64.b64encode(b"\0anna\0wrong").decode()).startswith("454 4.7.0 ")
    assert ntlm(client) == "454 4.7.0 Temporary authentication failure"
    assert client.say("ETRN branch.test") == "458 4.3.0 Unable to queue messages, try again later"
    assert transport.greeted().message(b"x" * 70_000).startswith("552 5.3.4 ")
    client = transport.greeted()
    assert client.message(b"Subject: x\r\n\r\nx").startswith("250 2.6.0 ")
    assert client.message(b"x", "old@gatepost.test") == "550 5.1.1 User unknown"
    assert client.say("RSET").startswith("250 ")
    assert client.say("MAIL FROM:<a@sub.pest.example>") == "554 5.1.0 Sender Denied"
    client = transport.greeted()
    client.send(b"\x16\x03\x01\x00\x05hello")
    assert said(client)[-1].startswith("554 5.5.1 Client speaks TLS at once")
    client = greeted(transport, "127.0.0.2")
    client.send(b"HELO x\r\nMAIL FROM:<>\r\nRSET\r\nMAIL FROM:<>\r\n")
    assert said(client)[-1].startswith("421 4.4.2 ")
    client = transport.greeted()
    end_by_administrator(transport, client)
    assert said(client) == ["421 4.3.2 Service not available, closing transmission channel"]
    for path in transport.home.glob("journal/*/bodies"):
        path.rmdir()
    client = greeted(transport, "127.0.0.5")
    client.say("HELO x")
    assert client.message(b"x" * (2 << 20)) == "452 4.3.1 Insufficient system resources"
    client = greeted(transport, "127.0.0.8")
    client.send(b"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<bob@gatepost.test>\r\n")
    assert said(client)[-1].startswith("550 5.7.1 ")
    client = greeted(transport, "127.0.0.5")
    client.send(b"FROB\r\nFROB\r\n")
    assert [line[:3] for line in said(client)] == ["500", "500", "421"]
    ours, theirs = socket.socketpair()
    transport.worker._serve(theirs, Swapped("Usual", ("127.0.0.1", 25), ("192.0.2.1", 25), "TLSv1.3 AES"))
    client = Client(ours)
    assert client.line().startswith("220 ")
    be_named_by_a_load_balancer(transport)
    fail(transport)


def be_named_by_a_load_balancer(transport: TracedTransport) -> None:
    def sent(octets: bytes) -> Client:
        client = transport.client("127.0.0.9")
        client.send(octets)
        return client

    assert sent(b"PROXY TCP4 127.0.0.1 127.0.0.1 49152 25\r\n").line().startswith("220 ")
    assert said(sent(b"EHLO x\r\n")) == []
    torn = sent(b"PROXY ")
    torn.connection.shutdown(socket.SHUT_WR)
    assert said(torn) == []
    reception = transport.worker._reception
    reception.draining = True
    assert said(sent(HEALTH)) == ["421 4.3.2 Service not available, closing transmission channel"]
    reception.draining = False


def end_by_administrator(transport: TracedTransport, client: Client) -> None:
    port = client.connection.getsockname()[1]
    (ours,) = (
        each for each in transport.worker._reception.sessions if each.session_id and each.told(0, 0).port == port
    )
    assert transport.loop is not None
    transport.loop.call_soon_threadsafe(ours.end_by_administrator)


def ntlm(client: Client) -> str:
    """The answer to a whole exchange, for which no directory can be asked."""
    talk = spnego.client("anna", "winter", protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    asked = client.say("AUTH NTLM " + base64.b64encode(talk.step() or b"").decode())
    return client.say(base64.b64encode(talk.step(base64.b64decode(asked[4:])) or b"").decode())


def talk_too_early(transport: TracedTransport) -> None:
    """The loop stands still while the client speaks, so that it has certainly spoken when it is greeted."""
    assert transport.loop is not None
    spoken = threading.Event()
    transport.loop.call_soon_threadsafe(spoken.wait)
    client = transport.client()
    client.send(b"EHLO x\r\n")
    spoken.set()
    assert said(client) == ["554 5.5.1 Client must wait for the greeting"]


class Everybody:
    """Knows everybody, as one of the branches."""

    async def check(self, asked: CheckPassword, remote_ip: str) -> User:
        return User("CONTOSO\\anna", ("Branches",))


def fail(transport: TracedTransport) -> None:
    """What must never happen: who knows the users is gone, and the index of recipients."""
    reception, client = transport.worker._reception, transport.greeted()
    credentials, reception.credentials = reception.credentials, None  # type: ignore[assignment]
    assert client.say("AUTH PLAIN " + base64.b64encode(b"\0anna\0wrong").decode()).startswith("454 4.7.0 ")
    reception.credentials = Everybody()  # type: ignore[assignment]
    assert client.say("AUTH PLAIN " + base64.b64encode(b"\0anna\0right").decode()).startswith("235 ")
    assert client.say("ATRN") == "451 4.3.0 Unable to process the request now"
    reception.credentials = credentials
    recipients = reception.recipients
    index, recipients.index = recipients.index, None  # type: ignore[assignment]
    client = transport.greeted()
    client.send(b"MAIL FROM:<>\r\nRCPT TO:<bob@gatepost.test>\r\n")
    assert said(client)[-1] == "421 4.3.0 Temporary server error, closing transmission channel"
    recipients.index = index


def test_every_place_of_the_shell_that_asks_the_core_for_an_answer_is_reached(traced: TracedTransport) -> None:
    asking = list(calls(FOLDER))
    assert len(asking) > 10
    ran = traced.trace.ran
    assert [str(site) for site in asking if not any((site.path, line) in ran for line in site.lines)] == []


def test_every_refusal_in_the_log_names_its_rule_which_declares_the_reply(traced: TracedTransport) -> None:
    refusals = [line for line in traced.logged() if line[6] == ">" and line[7][0] in "45"]
    found = set()
    for line in refusals:
        context = re.fullmatch(r"([a-z_]+); revision 1(; .+)?", line[8])
        assert context, line
        found.add(context[1])
        assert line[7] in {reply.text for reply in REFUSALS[context[1]].replies}, line
    assert found >= {
        "connection_limit", "line_too_long", "bare_line_feed", "invalid_arguments", "out_of_order", "not_stored",
        "sign_in_malformed", "sign_in_not_available", "message_size", "message_rate", "inactivity_timeout",
        "connection_timeout", "stopping", "too_many_errors", "unrecognized_command", "internal_fault", "early_talker",
        "ended_by_administrator",
        "tls_at_once",
        "ip_block_list", "recipient_blocked",
    }  # fmt: skip


def test_the_log_stays_csv_and_ascii_and_names_what_matched_and_held(traced: TracedTransport) -> None:
    (path,) = traced.home.glob("protocol-log/*/*.LOG")
    assert path.read_bytes().isascii()
    assert {len(line) for line in traced.logged()} == {len(COLUMNS)}
    contexts = {line[8] for line in traced.logged()}
    assert 'ip_block_list; revision 1; 127.0.0.8 (=HYPERLINK("x"), B\\xfcro\\x0d\\x0a\\u20ac)' in contexts
    assert "range 127.0.0.8" in contexts
    assert "sender_blocked; revision 1; pest.example with all subdomains" in contexts
    assert "recipient_blocked; revision 1; old@gatepost.test" in contexts
    held = [line for line in traced.logged() if line[7].startswith("Tarpit")]
    assert [line[6:9] for line in held] == [["*", "Tarpit for '0.00:00:01'", "TarpitInterval"]]


def test_the_last_error_and_the_reply_that_ends_the_connection_are_two_lines(traced: TracedTransport) -> None:
    lines = [line[6:9] for line in traced.logged()]
    end = lines.index([">", CATALOGUE["TOO_MANY_ERRORS"].text, "too_many_errors; revision 1"])
    assert lines[end - 1] == [">", CATALOGUE["UNRECOGNIZED_COMMAND"].text, "unrecognized_command; revision 1"]
    assert lines[end - 2] == ["<", "FROB", ""]


def test_the_catalogue_is_what_clients_may_see(traced: TracedTransport) -> None:
    known = {line for reply in CATALOGUE.values() for line in reply.text.split("\n")}
    refused = {line[7] for line in traced.logged() if line[6] == ">" and line[7][0] in "45"}
    assert refused - known == set()
