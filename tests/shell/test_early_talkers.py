"""Whoever speaks before the greeting is written is refused, at whatever moment; whoever waits for it is not."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from time import monotonic

import pytest

from tests.conftest import wait_for
from tests.shell.running_transport import RunningTransport, in_this_process
from transport.config.receive_connector import ProtocolLoggingLevel
from transport.shell.clients.dialogue import Dialogue

SESSION = (
    b"EHLO client.test\r\nMAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@gatepost.test>\r\nDATA\r\n"
    b"Subject: x\r\n\r\nx\r\n.\r\nQUIT\r\n"
)
TLS_AT_ONCE = b"554 5.5.1 Client speaks TLS at once: use the port with implicit TLS, or STARTTLS on this one\r\n"
REFUSED = b"554 5.5.1 Client must wait for the greeting\r\n"
HELD, TRUSTED, LOGGED = "127.0.0.8", "127.0.0.9", "127.0.0.10"
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(1, 200)) * 3
"""As much of a ClientHello as matters, with a line feed in it."""


class Watched(Dialogue):
    """Lets the client speak at `moment`: both run in one thread, so nothing happens before or after by chance."""

    client: socket.socket
    spoken: threading.Event
    moment = ""
    words = SESSION
    heard = b""

    def _reach(self, moment: str) -> None:
        if moment == Watched.moment:
            Watched.client.sendall(Watched.words)
            Watched.spoken.set()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._reach("accepted")

    def _has_spoken(self) -> bool:
        self._reach("about to be greeted")
        return super()._has_spoken()

    def push(self, status: bytes) -> None:  # type: ignore[override]
        super().push(status)
        if status.startswith(b"220 ") and Watched.moment == "greeted":
            with Watched.client.dup() as ear:
                ear.setblocking(False)
                Watched.heard = ear.recv(512, socket.MSG_PEEK)
            self._reach("greeted")


@pytest.fixture(scope="module")
def transport() -> Iterator[RunningTransport]:
    """In a thread of this process."""
    running = RunningTransport()
    running.publish(
        running.connector(ranges="127.0.0.1"),
        running.connector("Held", ranges=HELD, tarpit_interval=5),
        running.connector("Trusted", ranges=TRUSTED, early_talker_rejection_enabled=False),
        running.connector("Logged", ranges=LOGGED, protocol_logging_level=ProtocolLoggingLevel.Verbose),
    )
    with in_this_process(running, Watched):
        yield running
    running.remove()


def conversation(transport: RunningTransport, moment: str, source: str = "127.0.0.1", words: bytes = SESSION) -> bytes:
    """All that a client hears that says all it has to say at one moment."""
    before = len(list(transport.records()))
    with socket.socket() as client:
        client.settimeout(10)
        client.bind((source, 0))
        Watched.client, Watched.spoken, Watched.moment, Watched.heard = client, threading.Event(), moment, b""
        Watched.words = words
        client.connect(("127.0.0.1", transport.port))
        assert Watched.spoken.wait(10)
        heard = b"".join(iter(lambda: client.recv(65536), b""))
    assert len(list(transport.records())) - before == heard.count(b" Queued mail for delivery")
    return heard


@pytest.mark.parametrize("moment", ["accepted", "about to be greeted"])
def test_who_does_not_wait_is_refused_and_nothing_it_said_is_heard(transport: RunningTransport, moment: str) -> None:
    assert conversation(transport, moment) == REFUSED


def test_nothing_slips_through_while_the_tarpit_holds_the_refusal(transport: RunningTransport) -> None:
    began = monotonic()
    assert conversation(transport, "accepted", HELD) == REFUSED
    assert monotonic() - began >= 1


def test_who_speaks_at_once_after_the_greeting_has_waited(transport: RunningTransport) -> None:
    codes = [line[:3] for line in conversation(transport, "greeted").splitlines() if line[3:4] == b" "]
    assert Watched.heard.startswith(b"220 "), "the greeting was not written when the client was allowed to speak"
    assert codes == [b"220", b"250", b"250", b"250", b"354", b"250", b"221"]


def test_who_is_trusted_to_talk_first_is_heard_after_the_greeting(transport: RunningTransport) -> None:
    codes = [line[:3] for line in conversation(transport, "accepted", TRUSTED).splitlines() if line[3:4] == b" "]
    assert codes == [b"220", b"250", b"250", b"250", b"354", b"250", b"221"]


@pytest.mark.parametrize("moment", ["accepted", "greeted"])
@pytest.mark.parametrize("source", ["127.0.0.1", HELD, TRUSTED])
def test_who_begins_with_tls_is_told_so_at_once(transport: RunningTransport, moment: str, source: str) -> None:
    """Not after the tarpit, and without its octets in the log."""
    began = monotonic()
    heard = conversation(transport, moment, source, HELLO)
    assert heard.endswith(TLS_AT_ONCE)
    assert monotonic() - began < 5


def test_the_log_says_who_began_with_tls_and_shows_none_of_it(transport: RunningTransport) -> None:
    conversation(transport, "accepted", LOGGED, HELLO)

    def events() -> list[list[str]]:
        return [line[6:9] for line in transport.logged() if line[5].startswith(LOGGED)]

    wait_for(lambda: events() and events()[-1][0] == "-", "the end is not in the log")
    assert [event[0] for event in events()] == ["+", "*", ">", "-"]
    assert "speaks TLS at once" in events()[2][1] and events()[2][2] == "tls_at_once; revision 1"
