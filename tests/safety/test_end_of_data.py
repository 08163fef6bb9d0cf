"""SMTP smuggling: only CRLF.CRLF ends a message, here and at a next hop that takes anything for a line end.

The endings are those of smtpsmug and of the SMTP-Smuggling-Tools, and more of the kind.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable

import psycopg
import pytest

from tests.conftest import wait_for
from tests.deliver.conftest import Sink, Talk, closed_pool, configure, deliver, query, sink
from tests.safety.conftest import Gateway
from tests.shell.running_transport import Client
from transport.shell.forward.forwarder import Forwarder

__all__ = ["closed_pool", "configure", "deliver", "query", "sink"]

ENDS = [
    b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\r.\n", b"\n.\r", b"\r\r\n.\r\r\n",
    b"\r\n.\r\r\n", b"\n\n.\n\n", b"\r\n\0.\r\n", b"\r\n.\0\r\n", b"\r\n\0.\0\r\n", b"\r\0\n.\r\0\n", b"\r\n .\r\n",
    b"\r\n. \r\n", b"\r\n.\t\r\n", b"\r\n..\r\n", b"\r\n.\x0b\r\n", b"\r\n.\x0c\n", b"\x85.\x85", b"\xc2\x85.\xc2\x85",
    b"\xe2\x80\xa8.\xe2\x80\xa8", b"\r\n\x08.\r\n", b"\r\n\xff.\r\n", b"\r\n.\xff\r\n",
]  # fmt: skip
SMUGGLED = b"MAIL FROM:<admin@contoso.com>\r\nRCPT TO:<boss@contoso.com>\r\nDATA\r\nSubject: smuggled\r\n\r\nsmuggled"


def hand_in(client: Client, text: bytes, whole: bool = True) -> str:
    """One message with `text` in it, in one packet or octet by octet; the reply to its end."""
    for command in ("MAIL FROM:<outer@example.org>", "RCPT TO:<anna@contoso.com>", "DATA"):
        assert client.say(command)[0] in "23"
    data = b"Subject: outer\r\n\r\nouter" + text + b"\r\n.\r\n"
    for piece in [data] if whole else [data[i : i + 1] for i in range(len(data))]:
        client.send(piece)
    return client.reply()


@pytest.mark.parametrize("whole", [True, False], ids=["in-one-packet", "octet-by-octet"])
def test_no_ending_but_crlf_dot_crlf_ends_a_message(gateway: Gateway, whole: bool) -> None:
    before, client = len(gateway.taken()), gateway.greeted()
    for end in ENDS:
        assert hand_in(client, end + SMUGGLED, whole).startswith("250 "), end
        assert client.say("NOOP") == "250 2.0.0 OK", end  # no further reply was waiting
    found = gateway.taken()[before:]
    assert [sender for sender, _, _ in found] == ["outer@example.org"] * len(ENDS)
    assert all(list(recipients) == ["anna@contoso.com"] for _, recipients, _ in found)


def test_the_true_ending_is_one(gateway: Gateway) -> None:
    """The same attempt with CRLF.CRLF: were the two messages not seen here, the test above would see nothing either."""
    before, client = len(gateway.taken()), gateway.greeted()
    assert hand_in(client, b"\r\n.\r\n" + SMUGGLED).startswith("250 ")
    assert [client.line()[:3] for _ in range(4)] == ["250", "250", "354", "250"]
    assert [sender for sender, _, _ in gateway.taken()[before:]] == ["outer@example.org", "admin@contoso.com"]


@pytest.mark.parametrize("cut", range(1, 6))
def test_the_end_is_found_wherever_packets_are_cut(gateway: Gateway, cut: int) -> None:
    before, client = len(gateway.taken()), gateway.greeted()
    for command in ("MAIL FROM:<outer@example.org>", "RCPT TO:<anna@contoso.com>", "DATA"):
        client.say(command)
    end = b"\r\n.\r\n"
    client.send(b"Subject: cut\r\n\r\n" + end[:cut])
    client.send(end[cut:] + b"NOOP\r\n")
    assert client.reply().startswith("250 2.6.0 ") and client.reply() == "250 2.0.0 OK"
    assert len(gateway.taken()) == before + 1


def test_the_chunks_of_bdat_end_where_their_size_says(gateway: Gateway) -> None:
    before, client = len(gateway.taken()), gateway.greeted()
    for end in (*ENDS, b"\r\n.\r\n"):
        data = b"Subject: outer\r\n\r\nouter" + end + SMUGGLED + b"\r\n.\r\n"
        client.send(b"MAIL FROM:<outer@example.org>\r\nRCPT TO:<anna@contoso.com>\r\n")
        client.send(b"BDAT %d LAST\r\n%b" % (len(data), data))
        assert [client.reply()[:3] for _ in range(3)] == ["250"] * 3
    found = gateway.taken()[before:]
    assert [sender for sender, _, _ in found] == ["outer@example.org"] * (len(ENDS) + 1)
    assert client.say("NOOP") == "250 2.0.0 OK"


def test_a_connector_may_refuse_bare_line_feeds() -> None:
    strict = Gateway()
    strict.publish(strict.connector(max_protocol_errors=None, bare_linefeed_rejection_enabled=True))
    strict.start()
    client = strict.greeted()
    for end in ENDS:
        bare = b"\n" in end.replace(b"\r\n", b"")
        assert hand_in(client, end + SMUGGLED).startswith("550 5.6.11 " if bare else "250 "), end
    strict.remove()


class Believer(Talk):
    """A next hop that takes CR, LF and CRLF alike for the end of a line, also around the last dot."""

    def _content(self) -> bytes:
        found = b"\n"
        while not re.search(rb"[\r\n]\.[\r\n]$", found) and (octet := self.rfile.read(1)):
            found += octet
        if found.endswith(b"\r") and self.rfile.peek(1).startswith(b"\n"):  # type: ignore[attr-defined]
            self.rfile.read(1)
        return found[1:]


@pytest.fixture
def believer(sink: Sink) -> Sink:
    sink.RequestHandlerClass = Believer
    return sink


def test_the_believer_would_see_it(believer: Sink) -> None:
    """Were it blind, the test below would prove nothing."""
    client = Client(socket.create_connection(("127.0.0.1", believer.port), timeout=10))
    client.reply()
    assert hand_in(client, b"\n.\r" + SMUGGLED).startswith("250 ")
    assert [client.reply()[:3] for _ in range(4)] == ["250", "250", "354", "250"]
    wait_for(lambda: len(believer.arrived) == 2, "no second message arrives")
    assert [one.sender for one in believer.arrived] == ["outer@example.org", "admin@contoso.com"]


@pytest.mark.django_db(transaction=True)
def test_a_next_hop_that_believes_every_line_end_sees_no_second_message(
    gateway: Gateway, believer: Sink, configure: Callable[..., object], deliver: Callable[[], None], database_url: str
) -> None:
    configure()
    forwarder, client = Forwarder(gateway.home, database_url), gateway.greeted()
    for end in ENDS:
        assert hand_in(client, end + SMUGGLED).startswith("250 "), end
    with psycopg.connect(database_url, autocommit=True) as connection:
        while forwarder.move_mail(connection):
            pass
    deliver()
    wait_for(lambda: len(believer.arrived) >= len(ENDS), "not all messages arrive")
    assert [one.sender for one in believer.arrived] == ["outer@example.org"] * len(ENDS)
    assert not [line for line in believer.commands if "admin@contoso.com" in line]
