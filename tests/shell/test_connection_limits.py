"""MaxInboundConnection, …PerSource and …PercentagePerSource over sockets: at, below and above, and when all is over."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest

from tests.conftest import wait_for
from tests.shell.running_transport import Client, RunningTransport
from transport.config.receive_connector import ProtocolLoggingLevel, ReceiveConnector

FULL = "421 4.3.2 The maximum number of concurrent connections has been reached, closing transmission channel"
ENOUGH = (
    "421 4.3.2 The maximum number of concurrent server connections has exceeded a per-source limit, "
    "closing transmission channel"
)


def connectors(transport: RunningTransport) -> list[ReceiveConnector]:
    logged = {"protocol_logging_level": ProtocolLoggingLevel.Verbose}
    return [
        transport.connector("In all", ranges="127.0.1.0/24", max_inbound_connection=3, **logged),
        transport.connector("Per source", ranges="127.0.2.0/24", max_inbound_connection_per_source=2, **logged),
        transport.connector(
            "Share", ranges="127.0.3.0/24", max_inbound_connection=20,
            max_inbound_connection_percentage_per_source=10, **logged,
        ),
        transport.connector("Many", ranges="127.0.4.0/24", max_inbound_connection=10, **logged),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def limited() -> Iterator[RunningTransport]:
    transport = RunningTransport()
    transport.publish(*connectors(transport))
    transport.start()
    yield transport
    transport.remove()


def greeted(transport: RunningTransport, *sources: str) -> list[Client]:
    clients = [transport.client(source) for source in sources]
    for client in clients:
        assert client.line().startswith("220 "), client
    return clients


def hang_up(transport: RunningTransport, clients: list[Client]) -> None:
    for client in clients:
        client.close()
    wait_for(lambda: transport.facts()["sessions"] == 0, "sessions are left")


def refused(transport: RunningTransport, source: str, words: str, context: str) -> None:
    """Refused with these words, the connection closed, and logged with the rule and the numbers."""
    client = transport.client(source)
    assert [client.line(), client.line()] == [words, ""]
    port = client.connection.getsockname()[1]
    client.close()

    def events() -> list[list[str]]:
        return [line[6:9] for line in transport.logged() if line[5] == f"{source}:{port}"]

    wait_for(lambda: events() and events()[-1][0] == "-", "the end is not in the log")
    assert [event[0] for event in events()] == ["+", "*", ">", "-"]
    assert events()[2:] == [[">", words, context], ["-", "", "Local"]]


def test_connections_in_all(limited: RunningTransport) -> None:
    below = greeted(limited, "127.0.1.1", "127.0.1.2")
    at = greeted(limited, "127.0.1.3")
    refused(limited, "127.0.1.4", FULL, "connection_limit; revision 1; 3 are open")
    refused(limited, "127.0.1.1", FULL, "connection_limit; revision 1; 3 are open")
    hang_up(limited, below + at)
    hang_up(limited, greeted(limited, "127.0.1.4", "127.0.1.4", "127.0.1.4"))


def test_connections_of_one_source(limited: RunningTransport) -> None:
    mine = greeted(limited, "127.0.2.1", "127.0.2.1")
    refused(limited, "127.0.2.1", ENOUGH, "source_limit; revision 1; 127.0.2.1 has 2")
    others = greeted(limited, "127.0.2.2", "127.0.2.3")
    assert mine[0].say("QUIT").startswith("221 ")
    wait_for(lambda: limited.facts()["sessions"] == 3, "the session is still there")
    mine += greeted(limited, "127.0.2.1")
    refused(limited, "127.0.2.1", ENOUGH, "source_limit; revision 1; 127.0.2.1 has 2")
    hang_up(limited, mine + others)


def test_the_share_of_a_source_is_of_what_others_leave_free(limited: RunningTransport) -> None:
    """10 per cent of 20 is 2; when others have 10 of them, 10 per cent of the other 10 is 1; one is always left."""
    mine = greeted(limited, "127.0.3.1", "127.0.3.1")
    refused(limited, "127.0.3.1", ENOUGH, "source_share; revision 1; 127.0.3.1 has 2, others leave 20")
    hang_up(limited, mine)
    others = greeted(limited, *(f"127.0.3.{number}" for number in range(10, 20)))
    mine = greeted(limited, "127.0.3.1")
    refused(limited, "127.0.3.1", ENOUGH, "source_share; revision 1; 127.0.3.1 has 1, others leave 10")
    others += greeted(limited, *(f"127.0.3.{number}" for number in range(20, 29)))
    refused(limited, "127.0.3.40", FULL, "connection_limit; revision 1; 20 are open")
    others.pop().close()
    wait_for(lambda: limited.facts()["sessions"] == 19, "the session is still there")
    others += greeted(limited, "127.0.3.40")
    hang_up(limited, mine + others)


def test_of_many_that_come_at_once_just_as_many_are_greeted_as_may_be(limited: RunningTransport) -> None:
    clients = [limited.client(f"127.0.4.{number}") for number in range(1, 41)]
    lines = [client.line() for client in clients]
    assert sorted(line[:3] for line in lines) == ["220"] * 10 + ["421"] * 30
    hang_up(limited, clients)
    hang_up(limited, greeted(limited, *["127.0.4.1"] * 10))


@pytest.mark.parametrize("leave", ["with QUIT", "with a reset", "in the middle of a command"])
def test_however_a_client_leaves_its_place_is_free_again(limited: RunningTransport, leave: str) -> None:
    clients = greeted(limited, "127.0.2.1", "127.0.2.1")
    for client in clients:
        if leave == "with QUIT":
            client.say("QUIT")
        elif leave == "with a reset":
            client.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            client.send(b"EHLO x\r\nMAIL FROM:<a")
    hang_up(limited, clients)
    hang_up(limited, greeted(limited, "127.0.2.1", "127.0.2.1"))
