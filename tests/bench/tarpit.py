"""What the tarpit costs everybody else: 1,000 clients ask for an unknown recipient every five seconds.

One transport holds their replies so long; another answers at once, and they wait of their own accord. Everybody else
asks both in turns, so that whatever else the machine does, both feel.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from tests.bench import beside
from tests.shell.running_transport import Client, RunningTransport
from transport.config.filters import RecipientFilter

DOMAIN = "gatepost.test"
HARVESTERS, INTERVAL = 1000, 5
COMMANDS = "MAIL FROM:<sender@example.org>", f"RCPT TO:<user@{DOMAIN}>", "RSET"
HARVESTED_FROM = "127.0.0.2"
"""Not the address of the others: a source over its budget of unknown recipients waits for the known ones, too."""


def slowest_percents(rounds: int) -> list[float]:
    """Of a command: beside 1,000 in the tarpit, and beside none."""
    with ExitStack() as stack:
        transports = [stack.enter_context(_transport(interval)) for interval in (INTERVAL, 0)]
        for transport, pause in zip(transports, (0, INTERVAL), strict=True):
            stack.enter_context(beside.crowd(__name__, transport.port, pause))
        return beside.slowest_percents(transports, [partial(_say, command) for command in COMMANDS], rounds)


def _say(command: str, client: Client) -> str:
    return client.say(command)


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


async def _harvest(port: int, pause: int) -> None:
    """Says so once all are there, then goes on for ever."""
    asked = [asyncio.Event() for _ in range(HARVESTERS)]
    async with asyncio.TaskGroup() as group:
        for number, event in enumerate(asked):
            group.create_task(_harvester(port, pause, number, event))
        for event in asked:
            await event.wait()
        print(beside.THERE, flush=True)


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
