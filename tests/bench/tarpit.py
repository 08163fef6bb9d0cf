"""What the tarpit costs everybody else: 1,000 clients ask for an unknown recipient every five seconds.

One transport holds their replies so long; another answers at once, and they wait of their own accord. Everybody else
asks both in turns, so that whatever else the machine does, both feel.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median
from time import monotonic, perf_counter

from tests.shell.running_transport import Client, RunningTransport
from transport.config.filters import RecipientFilter

DOMAIN = "gatepost.test"
HARVESTERS, INTERVAL = 1000, 5
HARVESTED_FROM = "127.0.0.2"
"""Not the address of the others: a source over its budget of unknown recipients waits for the known ones, too."""


def slowest_percents(rounds: int) -> tuple[float, float]:
    """The 99th percentile of a command's round trip, in microseconds: beside 1,000 in the tarpit, and beside none.

    Medians of so many rounds of a second.
    """
    with ExitStack() as stack:
        transports = [stack.enter_context(_transport(interval)) for interval in (INTERVAL, 0)]
        for transport, pause in zip(transports, (0, INTERVAL), strict=True):
            stack.enter_context(_harvesters(transport.port, pause))
        clients = [stack.enter_context(closing(transport.greeted())) for transport in transports]
        for client in clients:
            client.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        beside_many, beside_none = zip(*(_round(clients) for _ in range(rounds)), strict=True)
    return median(beside_many), median(beside_none)


def _round(clients: list[Client]) -> Iterator[float]:
    times: list[list[float]] = [[] for _ in clients]
    end = monotonic() + 1
    while monotonic() < end:
        for command in ("MAIL FROM:<sender@example.org>", f"RCPT TO:<user@{DOMAIN}>", "RSET"):
            for client, trips in zip(clients, times, strict=True):
                began = perf_counter()
                reply = client.say(command)
                trips.append(perf_counter() - began)
                assert reply.startswith("250 "), reply
    return (sorted(trips)[len(trips) * 99 // 100] * 1e6 for trips in times)


@contextmanager
def _transport(interval: int) -> Iterator[RunningTransport]:
    transport = RunningTransport()
    try:
        transport.publish(transport.connector(tarpit_interval=interval), recipient_filter=RecipientFilter())
        transport.list_recipients([f"user@{DOMAIN}"])
        transport.start()
        yield transport
    finally:
        transport.remove()


@contextmanager
def _harvesters(port: int, pause: int) -> Iterator[None]:
    """All of them are there as long as it is open."""
    command = [sys.executable, "-m", __name__, str(port), str(pause)]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            if process.stdout.readline() != b"all are there\n":
                raise RuntimeError("the harvesters are not there")
            yield
        finally:
            process.kill()


async def _harvest(port: int, pause: int) -> None:
    """Says so once all are there, then goes on for ever."""
    asked = [asyncio.Event() for _ in range(HARVESTERS)]
    async with asyncio.TaskGroup() as group:
        for number, event in enumerate(asked):
            group.create_task(_harvester(port, pause, number, event))
        for event in asked:
            await event.wait()
        print("all are there", flush=True)


async def _harvester(port: int, pause: int, number: int, asked: asyncio.Event) -> None:
    await asyncio.sleep(number * INTERVAL / HARVESTERS)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(HARVESTED_FROM, 0))
    for command in ("", "HELO harvester.example\r\n", "MAIL FROM:<>\r\n"):
        writer.write(command.encode())
        await reader.readline()
    for turn in range(sys.maxsize):
        writer.write(f"RCPT TO:<nobody-{number}-{turn}@{DOMAIN}>\r\n".encode())
        asked.set()
        reply = await reader.readline()
        assert reply.startswith(b"550 "), reply
        await asyncio.sleep(pause)


if __name__ == "__main__":
    asyncio.run(_harvest(int(sys.argv[1]), int(sys.argv[2])))
