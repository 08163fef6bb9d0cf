"""LimitScope AllNodes: two transports that share a Valkey count together, and each alone while it is away.

The clock of the one is a minute and a half ahead.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis

from console.processes import sockets
from console.processes.account import Account
from console.processes.address import free_port
from console.processes.valkey import Valkey
from console.publishing import queries as publishing
from tests import clocks
from tests.conftest import wait_for
from tests.shell.running_transport import Client, RunningTransport
from transport.config.receive_connector import LimitScope, MessageRateSource, ReceiveConnector
from transport.shell.clients.shared_counts import PREFIX
from transport.smtp import replies

FULL, ENOUGH = replies.TOO_MANY_CONNECTIONS.text, replies.TOO_MANY_FROM_SOURCE.text
TOO_FAST = replies.RATE_EXCEEDED.text


@dataclass
class SharedValkey:
    """A Valkey that a test may kill and start again."""

    server: Valkey
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = self.server.prepare().start(subprocess.DEVNULL)
        wait_for(self.server.answers, "valkey does not answer")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@dataclass
class Two:
    """Two transports, a Valkey, and the clients that a test left open."""

    here: RunningTransport
    there: RunningTransport
    valkey: SharedValkey
    clients: list[Client] = field(default_factory=list)

    def open(self, transport: RunningTransport, source: str) -> Client:
        """Admitted, as soon as the connections that were closed before have been noticed."""

        def is_admitted() -> bool:
            client = transport.client(source)
            if client.line().startswith("220 "):
                self.clients.append(client)
                return True
            client.close()
            return False

        wait_for(is_admitted, f"{transport.name} does not admit {source}")
        return self.clients[-1]

    def hang_up(self) -> None:
        while self.clients:
            self.clients.pop().close()


def greeting(transport: RunningTransport, source: str) -> str:
    client = transport.client(source)
    line = client.line()
    client.close()
    return line


def refused(transport: RunningTransport, source: str, words: str) -> None:
    wait_for(lambda: greeting(transport, source) == words, f"{transport.name} does not refuse {source}")


def admitted(transport: RunningTransport, source: str) -> None:
    wait_for(lambda: greeting(transport, source).startswith("220 "), f"{transport.name} still refuses {source}")


def connectors(transport: RunningTransport) -> list[ReceiveConnector]:
    shared = {"limit_scope": LimitScope.AllNodes}
    return [
        transport.connector("In all", ranges="127.0.1.0/24", max_inbound_connection=4, **shared),
        transport.connector("Source", ranges="127.0.2.0/24", max_inbound_connection_per_source=3, **shared),
        transport.connector(
            "Rate", ranges="127.0.3.0/24", max_inbound_connection=3, message_rate_limit=5,
            message_rate_source=MessageRateSource.IPAddress, **shared,
        ),
        transport.connector("Alone", ranges="127.0.4.0/24", max_inbound_connection=2),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def running() -> Iterator[Two]:
    account = Account.unprivileged()
    directory = account.own(Path(tempfile.mkdtemp(prefix="gatepost-shared-")))
    valkey = SharedValkey(Valkey(directory / "redis", sockets.directory(directory, account), account))
    valkey.start()
    two = Two(RunningTransport(name="here"), RunningTransport(name="there"), valkey)
    two.there.variables |= clocks.ahead(90)
    for transport in (two.here, two.there):
        transport.variables["REDIS_URL"] = valkey.server.url
        transport.publish(*connectors(transport))
        transport.start()
    yield two
    two.here.remove()
    two.there.remove()
    valkey.kill()
    shutil.rmtree(directory)


@pytest.fixture
def two(running: Two) -> Iterator[Two]:
    """Nobody connected, and both transports know it."""
    yield running
    running.hang_up()
    for transport in (running.here, running.there):
        for source in ("127.0.1.9", "127.0.2.9", "127.0.3.9", "127.0.4.9"):
            admitted(transport, source)


def test_connections_of_a_connector_count_on_all_transports_together(two: Two) -> None:
    for number, transport in enumerate((two.here, two.here, two.there, two.there)):
        two.open(transport, f"127.0.1.{number + 1}")
    refused(two.here, "127.0.1.9", FULL)
    refused(two.there, "127.0.1.9", FULL)
    two.clients.pop().close()
    admitted(two.here, "127.0.1.9")
    two.open(two.here, "127.0.1.9")
    refused(two.there, "127.0.1.9", FULL)


def test_connections_of_a_source_count_on_all_transports_together(two: Two) -> None:
    for transport in (two.here, two.here, two.there):
        two.open(transport, "127.0.2.1")
    refused(two.here, "127.0.2.1", ENOUGH)
    refused(two.there, "127.0.2.1", ENOUGH)
    admitted(two.there, "127.0.2.2")


def test_a_limit_of_each_node_counts_there_alone(two: Two) -> None:
    for transport in (two.here, two.here, two.there):
        two.open(transport, "127.0.4.1")
    refused(two.here, "127.0.4.1", FULL)
    refused(two.here, "127.0.4.1", FULL)
    two.open(two.there, "127.0.4.1")
    refused(two.there, "127.0.4.1", FULL)


def messages(client: Client, times: int) -> list[str]:
    replies = [client.say("HELO client.test")]
    for _ in range(times):
        replies.append(client.say("MAIL FROM:<a@example.test>"))
        replies.append(client.say("RSET") if replies[-1].startswith("2") else "")
    return replies[1::2]


def test_messages_of_a_minute_count_on_all_transports_together(two: Two) -> None:
    def try_within_a_minute(source: str) -> bool:
        minute = time.time() // 60
        sent = messages(two.open(two.here, source), 4)
        # What a transport tells is told at once: when the other one knows of these connections, it knows of the mail.
        two.open(two.here, source)
        two.open(two.here, source)
        refused(two.there, source, FULL)
        two.hang_up()
        admitted(two.there, source)
        sent += messages(two.open(two.there, source), 2)
        two.hang_up()
        admitted(two.here, source)
        if time.time() // 60 != minute:
            return False
        assert sent == ["250 2.1.0 Sender OK"] * 5 + [TOO_FAST]
        return True

    assert any(try_within_a_minute(f"127.0.3.{number}") for number in (1, 2))


def problem(transport: RunningTransport) -> str:
    return " ".join(each["message"] for each in transport.facts()["problems"])


def test_without_redis_each_transport_counts_alone_and_says_so_until_it_is_back(two: Two) -> None:
    for number in range(4):
        two.open(two.here, f"127.0.1.{number + 1}")
    refused(two.there, "127.0.1.9", FULL)
    two.valkey.kill()
    try:
        admitted(two.there, "127.0.1.9")
        for transport in (two.here, two.there):
            wait_for(lambda each=transport: "Redis does not answer" in problem(each), "no problem is reported")
            assert "limits over all transports count on each transport alone" in transport.log
        refused(two.here, "127.0.1.9", FULL)
    finally:
        two.valkey.start()
    refused(two.there, "127.0.1.9", FULL)
    for transport in (two.here, two.there):
        wait_for(lambda each=transport: not problem(each), "the problem is still reported")
        assert "Redis answers again" in transport.log


def test_the_counts_of_a_transport_that_crashed_are_forgotten(two: Two) -> None:
    for number in range(4):
        two.open(two.there, f"127.0.1.{number + 1}")
    refused(two.here, "127.0.1.9", FULL)
    two.there.kill()
    admitted(two.here, "127.0.1.9")
    two.there.start()
    admitted(two.there, "127.0.1.9")


def test_what_somebody_else_writes_there_counts_for_nothing(two: Two) -> None:
    with redis.Redis.from_url(two.valkey.server.url) as client:
        client.set(f"{PREFIX}stranger", b'{"open In all": "many"}', ex=60)
        client.lpush(f"{PREFIX}list", "x")
        for number in range(3):
            two.open(two.here, f"127.0.1.{number + 1}")
        two.open(two.there, "127.0.1.4")
        refused(two.there, "127.0.1.9", FULL)
        assert not problem(two.there)
        client.delete(f"{PREFIX}stranger", f"{PREFIX}list")


def test_the_console_is_told_that_redis_is_away(database_url: str) -> None:
    transport = RunningTransport(database_url)
    transport.variables["REDIS_URL"] = f"redis://127.0.0.1:{free_port()}/0"
    transport.publish(transport.connector(limit_scope=LimitScope.AllNodes))
    transport.start()
    try:
        words = "Redis does not answer: limits over all transports count on each transport alone."
        wait_for(lambda: words in publishing.listening_problems().get("", []), "the console does not know")
    finally:
        transport.remove()
