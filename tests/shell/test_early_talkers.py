"""Whoever speaks before the greeting is written is refused, at whatever moment; whoever waits for it is not."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from time import monotonic

import pytest
import uvloop

from tests.conftest import wait_for
from tests.shell.running_transport import RunningTransport
from transport.shell.smtp_protocol import SmtpProtocol
from transport.worker import Worker, environment

SESSION = (
    b"EHLO client.test\r\nMAIL FROM:<alice@example.test>\r\nRCPT TO:<bob@gatepost.test>\r\nDATA\r\n"
    b"Subject: x\r\n\r\nx\r\n.\r\nQUIT\r\n"
)
REFUSED = b"554 5.5.1 Client must wait for the greeting\r\n"
HELD = "127.0.0.8"


class Watched(SmtpProtocol):
    """Lets the client speak at `moment`: both run in one thread, so nothing happens before or after by chance."""

    client: socket.socket
    spoken: threading.Event
    moment = ""
    heard = b""

    def _reach(self, moment: str) -> None:
        if moment == Watched.moment:
            Watched.client.sendall(SESSION)
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
    running.publish(running.connector(ranges="127.0.0.1"), running.connector("Held", ranges=HELD, tarpit_interval=1))
    stop: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        loop, stopping = asyncio.get_running_loop(), asyncio.Event()
        worker = Worker(environment({"GATEPOST_HOME": str(running.home), **running.variables}), loop)
        worker._listeners._protocol = lambda: Watched(worker._reception)
        await worker.start()
        stop.append((loop, stopping))
        await stopping.wait()
        await worker.stop()

    thread = threading.Thread(target=lambda: uvloop.run(serve()))
    thread.start()
    wait_for(running.facts, "the transport does not serve")
    yield running
    loop, stopping = stop[0]
    loop.call_soon_threadsafe(stopping.set)
    thread.join()
    running.remove()


def conversation(transport: RunningTransport, moment: str, source: str = "127.0.0.1") -> bytes:
    """All that a client hears that says all it has to say at one moment."""
    before = len(list(transport.records()))
    with socket.socket() as client:
        client.settimeout(10)
        client.bind((source, 0))
        Watched.client, Watched.spoken, Watched.moment, Watched.heard = client, threading.Event(), moment, b""
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
