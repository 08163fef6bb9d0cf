"""The tarpit over sockets: what it holds, for how long, and that nobody else waits with it."""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Iterator
from time import monotonic

import pytest

from tests.conftest import wait_for
from tests.shell.running_transport import Client, RunningTransport
from transport.config.permissions import PermissionGroup
from transport.config.receive_connector import AuthMechanism

SECURED, PATIENT = "127.0.9.1", "127.0.9.2"
SECOND = 0.99
"""What a timer of one second lasts at least: the event loop counts whole milliseconds."""


@pytest.fixture(scope="module")
def transport() -> Iterator[RunningTransport]:
    """A second of tarpit for everybody, none for the externally secured, ten minutes for some."""
    running = RunningTransport()
    secured = running.connector(
        "Secured", ranges=SECURED, tarpit_interval=600, permission_groups=frozenset({PermissionGroup.ExchangeServers}),
        auth_mechanism=frozenset({AuthMechanism.ExternalAuthoritative}), max_protocol_errors=None,
    )  # fmt: skip
    patient = running.connector("Patient", ranges=PATIENT, tarpit_interval=600)
    running.publish(running.connector(tarpit_interval=1), secured, patient)
    running.start()
    yield running
    running.stop()
    assert "Traceback" not in running.log
    running.remove()


def greeted(transport: RunningTransport, source: str) -> Client:
    client = transport.client(source)
    assert client.reply().startswith("220 ")
    assert client.say("EHLO client.test").startswith("250 ")
    return client


def waits(client: Client) -> bool:
    """Nothing has come from the server yet."""
    return not select.select([client.connection], [], [], 0)[0]


def test_a_refusal_comes_no_sooner_and_what_was_sent_behind_it_no_earlier(transport: RunningTransport) -> None:
    client = transport.greeted()
    since = monotonic()
    client.send(b"MAIL FROM:<a@b.test>\r\nRCPT TO:<x@elsewhere.test>\r\nRCPT TO:<b@gatepost.test>\r\nFROB\r\nNOOP\r\n")
    codes, times = [], []
    for _ in range(5):
        codes.append(client.reply()[:3])
        times.append(monotonic() - since)
    assert codes == ["250", "550", "250", "500", "250"]
    assert times[1] >= SECOND and times[3] >= 2 * SECOND


def test_replies_of_one_group_of_pipelined_commands_wait_together(transport: RunningTransport) -> None:
    """A sender that pipelines does not learn sooner which command the delay belongs to."""
    client = transport.greeted()
    since = monotonic()
    client.send(b"MAIL FROM:<a@b.test>\r\nRCPT TO:<x@elsewhere.test>\r\n")
    assert client.reply().startswith("250 2.1.0")
    assert monotonic() - since >= SECOND
    assert client.reply().startswith("550 ")


def test_a_message_is_acknowledged_before_the_tarpit_holds_what_came_behind_it(transport: RunningTransport) -> None:
    """Else a client that gives up while it waits would send the message again."""
    client = greeted(transport, PATIENT)
    client.send(b"MAIL FROM:<a@b.test>\r\nRCPT TO:<b@gatepost.test>\r\nBDAT 0 LAST\r\nFROB\r\n")
    assert [client.reply()[:9] for _ in range(3)] == ["250 2.1.0", "250 2.1.5", "250 2.6.0"]


def test_only_anonymous_clients_wait(transport: RunningTransport) -> None:
    held, free = greeted(transport, PATIENT), greeted(transport, SECURED)
    held.send(b"FROB\r\n")
    assert [free.say("FROB")[:3] for _ in range(20)] == ["500"] * 20
    assert waits(held)


def test_hundreds_who_wait_keep_nobody_waiting(transport: RunningTransport) -> None:
    before = transport.facts()["sessions"]
    held = [greeted(transport, PATIENT) for _ in range(300)]
    for client in held:
        client.send(b"FROB\r\nNOOP\r\n")
    other = greeted(transport, SECURED)
    for _ in range(20):
        assert other.message(b"Subject: x\r\n\r\nx").startswith("250 ")
    assert all(waits(client) for client in held)
    for client in (*held, other):
        client.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    wait_for(lambda: transport.facts()["sessions"] <= before, "sessions are left")
