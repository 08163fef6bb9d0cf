"""What harvesters in the tarpit cost everybody else: 1,000 of them ask for one unknown recipient after the other."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, perf_counter

HARVESTERS = 1000
HARVESTED_FROM = "127.0.0.2"
"""Not the address of the others: a source over its budget of unknown recipients waits for the known ones, too."""


@contextmanager
def harvesters(port: int, domain: str) -> Iterator[None]:
    """As long as it is open, every one of them waits for a reply that the tarpit holds."""
    command = [sys.executable, "-m", __name__, str(port), domain]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            if process.stdout.readline() != b"held\n":
                raise RuntimeError("the harvesters are not held")
            yield
        finally:
            process.kill()


def slowest_percent(port: int, recipient: str, seconds: float) -> float:
    """The 99th percentile of a command's round trip, in microseconds, over so many seconds of MAIL, RCPT and RSET."""
    commands = b"MAIL FROM:<sender@example.org>\r\n", f"RCPT TO:<{recipient}>\r\n".encode(), b"RSET\r\n"
    times = []
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.recv(512)
        client.sendall(b"HELO client.example\r\n")
        client.recv(512)
        end = monotonic() + seconds
        while monotonic() < end:
            for command in commands:
                began = perf_counter()
                client.sendall(command)
                reply = client.recv(512)
                times.append(perf_counter() - began)
                assert reply.startswith(b"250 "), reply
    return sorted(times)[len(times) * 99 // 100] * 1e6


async def harvest(port: int, domain: str) -> None:
    """Says `held` once all of them wait, then goes on for ever."""
    asked = [asyncio.Event() for _ in range(HARVESTERS)]
    async with asyncio.TaskGroup() as group:
        for number, event in enumerate(asked):
            group.create_task(_harvester(port, domain, number, event))
        for event in asked:
            await event.wait()
        print("held", flush=True)


async def _harvester(port: int, domain: str, number: int, asked: asyncio.Event) -> None:
    await asyncio.sleep(number * 5 / HARVESTERS)  # over the whole interval of the tarpit
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(HARVESTED_FROM, 0))
    for command in ("", "HELO harvester.example\r\n", "MAIL FROM:<>\r\n"):
        writer.write(command.encode())
        await reader.readline()
    for turn in range(sys.maxsize):
        writer.write(f"RCPT TO:<nobody-{number}-{turn}@{domain}>\r\n".encode())
        asked.set()
        reply = await reader.readline()
        assert reply.startswith(b"550 "), reply


if __name__ == "__main__":
    asyncio.run(harvest(int(sys.argv[1]), sys.argv[2]))
