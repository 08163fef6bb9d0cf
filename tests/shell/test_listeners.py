"""Sockets follow the bindings; what cannot be bound is said and holds up nothing else."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import cast

import pytest
import uvloop

from console.processes.address import free_port
from tests.receive.builders import connector
from transport.config.endpoint import Binding
from transport.config.receive_connector import ReceiveConnector
from transport.config.snapshot import Snapshot
from transport.shell.clients.listeners import Listeners
from transport.shell.master.borrowed import Own
from transport.shell.sockets import Sockets, listening_socket


class Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def run(check: Callable[[Listeners], Awaitable[None]], loop: LoopFactory = asyncio.new_event_loop) -> None:
    async def in_loop() -> None:
        listeners = Listeners(Echo)
        await check(listeners)
        listeners.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(in_loop())


def snapshot(*connectors: ReceiveConnector) -> Snapshot:
    return Snapshot(receive_connectors=connectors)


async def answers(host: str, port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.write(b"x")
    heard = await reader.read(1)
    writer.close()
    return heard == b"x"


def test_a_socket_to_every_address_that_systemd_has_opened_takes_the_clients_of_one() -> None:
    """A second one could not be opened beside it; and nothing closes it."""
    given = listening_socket(Binding("0.0.0.0", 0))
    port = given.getsockname()[1]

    async def check() -> None:
        listeners = Listeners(Echo, Own(Sockets({Binding("0.0.0.0", port): given})))
        await listeners.match(snapshot(connector(bindings=f"127.0.0.1:{port}")))
        assert listeners.bindings == [f"127.0.0.1:{port}"] and not listeners.problems
        assert await answers("127.0.0.1", port)
        await listeners.match(Snapshot())
        assert listeners.bindings == [] and await answers("127.0.0.1", port)
        listeners.close()

    asyncio.run(check())
    given.close()


def test_opens_and_closes_with_the_bindings() -> None:
    first, second = free_port(), free_port()

    async def check(listeners: Listeners) -> None:
        await listeners.match(snapshot(connector(bindings=f"127.0.0.1:{first} [::1]:{first}")))
        assert await answers("127.0.0.1", first)
        assert await answers("::1", first)
        reader, writer = await asyncio.open_connection("127.0.0.1", first)
        await listeners.match(snapshot(connector(bindings=f"127.0.0.1:{second}")))
        assert await answers("127.0.0.1", second)
        assert not await answers("127.0.0.1", first)
        writer.write(b"still here")
        assert await reader.read(100) == b"still here"
        writer.close()

    run(check)


def test_disabled_connectors_do_not_listen() -> None:
    port = free_port()

    async def check(listeners: Listeners) -> None:
        await listeners.match(snapshot(connector(bindings=f"127.0.0.1:{port}", enabled=False)))
        assert not await answers("127.0.0.1", port)
        assert listeners.problems == []

    run(check)


def test_an_address_in_use_is_said_and_tried_again() -> None:
    taken, free = free_port(), free_port()
    other = listening_socket(Binding("127.0.0.1", taken))

    async def check(listeners: Listeners) -> None:
        both = connector("Both", bindings=f"127.0.0.1:{taken} 127.0.0.1:{free}")
        await listeners.match(snapshot(both, connector("Second", bindings=f"127.0.0.1:{taken}")))
        assert await answers("127.0.0.1", free)
        assert [(problem.connector, problem.binding) for problem in listeners.problems] == [
            ("Both", f"127.0.0.1:{taken}"),
            ("Second", f"127.0.0.1:{taken}"),
        ]
        assert "another program listens there already" in listeners.problems[0].message
        other.close()
        await listeners.open_missing()
        assert listeners.problems == []
        assert await answers("127.0.0.1", taken)

    run(check)


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_connector_for_every_address_and_one_for_a_single_address_share_a_port(loop: LoopFactory) -> None:
    """Exchange's usual pair: the default connector on 0.0.0.0:25, the devices' on 10.2.3.4:25; in any order."""
    port = free_port()
    every, single = connector("Default", bindings=f"0.0.0.0:{port}"), connector("Relay", bindings=f"127.0.0.1:{port}")

    async def check(listeners: Listeners) -> None:
        for wanted in ([single], [single, every], [every], [every, single], [single], [], [every, single]):
            await listeners.match(snapshot(*wanted))
            assert listeners.problems == []
            assert await answers("127.0.0.1", port) == bool(wanted)
            assert await answers("127.0.0.2", port) == (every in wanted)

    run(check, loop)


def test_what_stands_in_the_way_of_every_address_is_said_on_the_connectors_of_single_ones_too() -> None:
    port = free_port()
    other = listening_socket(Binding("127.0.0.1", port))
    every, single = connector("Default", bindings=f"0.0.0.0:{port}"), connector("Relay", bindings=f"127.0.0.2:{port}")
    far = connector("Far", bindings=f"192.0.2.1:{port}")

    async def check(listeners: Listeners) -> None:
        await listeners.match(snapshot(every, single, far))
        said = [(problem.connector, problem.message) for problem in listeners.problems]
        taken = f"Cannot listen on 0.0.0.0:{port}: another program listens there already."
        nowhere = f"Cannot listen on 192.0.2.1:{port}: this machine has no such address."
        assert said == [("Default", taken), ("Relay", taken), ("Far", taken), ("Far", nowhere)]
        other.close()
        await listeners.open_missing()
        assert [problem.message for problem in listeners.problems] == [nowhere]
        assert await answers("127.0.0.2", port)

    run(check)


def test_a_foreign_address_is_said() -> None:
    async def check(listeners: Listeners) -> None:
        await listeners.match(snapshot(connector("Far", bindings="192.0.2.1:2525")))
        assert [problem.message for problem in listeners.problems] == [
            "Cannot listen on 192.0.2.1:2525: this machine has no such address."
        ]
        await listeners.match(snapshot())
        assert listeners.problems == []

    run(check)


def test_both_families_may_have_the_same_port() -> None:
    port = free_port()
    with listening_socket(Binding("0.0.0.0", port)), listening_socket(Binding("::", port)) as second:
        assert second.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) == 1
