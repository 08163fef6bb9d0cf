"""Each right of a Receive connector, by what a client can do with it and cannot do without it (document 003)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.shell.running_transport import Client, RunningTransport
from transport.config.filters import SenderFilter
from transport.config.permissions import ANONYMOUS, Grant, Right
from transport.shell.journal.segment import Record

SMALLEST_LIMIT = 65_536
PLACES = {right: f"127.0.1.{number}" for number, right in enumerate(Right, 1)}
"""Where a client comes from that has every right but one; from 127.0.0.1 it has all."""


@pytest.fixture(scope="module")
def serving() -> Iterator[RunningTransport]:
    """One connector that grants anonymous clients everything, and for each right one that leaves it out."""
    running = RunningTransport()
    connectors = [
        running.connector(
            f"Without {right.value}" if right else "Everything",
            ranges=PLACES.get(right, "0.0.0.0/0"),  # type: ignore[call-overload]
            permission_groups=frozenset(),
            grants=tuple(Grant(ANONYMOUS, each.value) for each in Right if each is not right),
            max_message_size=SMALLEST_LIMIT,
        )
        for right in (None, *Right)
    ]
    running.publish(*connectors, sender_filter=SenderFilter(blocked_senders=("blocked@partner.example",)))
    running.start()
    yield running
    running.remove()


def sends_as(sender: str, parameters: str = "") -> Callable[[Client], bool]:
    return lambda client: client.say(f"MAIL FROM:<{sender}>{parameters}").startswith("250 ")


def relays(client: Client) -> bool:
    client.say("MAIL FROM:<a@partner.example>")
    return client.say("RCPT TO:<x@elsewhere.example>").startswith("250 ")


def stored(running: RunningTransport, client: Client, header: str = "Subject: x") -> Record:
    before = {record.envelope.id for record in running.records()}
    reply = client.message(f"{header}\r\n\r\ntext".encode())
    assert "Queued mail" in reply, reply
    (record,) = [record for record in running.records() if record.envelope.id not in before]
    return record


def keeps(header: str) -> Callable[[RunningTransport, Client], bool]:
    return lambda running, client: header.encode() in stored(running, client, header).body


def is_internal(running: RunningTransport, client: Client) -> bool:
    record = stored(running, client)
    stamped = b"X-MS-Exchange-Organization-AuthAs: Internal\r\n" in record.body
    assert stamped is record.envelope.authenticated
    return stamped


COMMANDS: dict[Right, Callable[[Client], bool]] = {
    Right.SUBMIT: sends_as(""),
    Right.ACCEPT_ANY_SENDER: sends_as("a@partner.example"),
    Right.ACCEPT_AUTHORITATIVE_DOMAIN_SENDER: sends_as("boss@gatepost.test"),
    Right.ACCEPT_ANY_RECIPIENT: relays,
    Right.BYPASS_ANTI_SPAM: sends_as("blocked@partner.example"),
    Right.BYPASS_MESSAGE_SIZE_LIMIT: sends_as("a@partner.example", f" SIZE={SMALLEST_LIMIT + 1}"),
}
MESSAGES: dict[Right, Callable[[RunningTransport, Client], bool]] = {
    Right.ACCEPT_AUTHENTICATION_FLAG: is_internal,
    Right.ACCEPT_HEADERS_ROUTING: keeps("Received: from printer by copier"),
    Right.ACCEPT_HEADERS_ORGANIZATION: keeps("X-MS-Exchange-Organization-SCL: -1"),
    Right.ACCEPT_HEADERS_FOREST: keeps("X-MS-Exchange-Forest-Language: de"),
}


def client_at(running: RunningTransport, source: str) -> Client:
    client = running.client(source)
    assert client.line().startswith("220 ")
    client.say("EHLO client.test")
    return client


@pytest.mark.parametrize("right", [right for right in Right if not right.not_enforced], ids=lambda right: right.value)
def test_a_right_permits_what_it_says_and_no_other_right_does(serving: RunningTransport, right: Right) -> None:
    permitted = []
    for source in ("127.0.0.1", PLACES[right]):
        client = client_at(serving, source)
        permitted.append(COMMANDS[right](client) if right in COMMANDS else MESSAGES[right](serving, client))
        client.close()
    assert permitted == [True, False]


def test_a_right_that_is_not_enforced_says_so_and_permits_nothing(serving: RunningTransport) -> None:
    assert [right for right in Right if right.not_enforced] == [Right.ACCEPT_EXCH50]
    client = client_at(serving, "127.0.0.1")
    assert client.say("XEXCH50 8 2").startswith("500 ")
    client.close()
