"""What everybody else feels of a crowd: two places are asked in turns, one that has the crowd and one that has none, so
that whatever else the machine does, both feel.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median
from time import monotonic, perf_counter
from typing import Protocol

from tests.shell.running_transport import Client

ROOT = Path(__file__).resolve().parents[2]
THERE = "all are there"
"""What a process of a crowd prints once it is."""


class Place(Protocol):
    def greeted(self) -> Client: ...


Ask = Callable[[Client], str]


def slowest_percents(places: Sequence[Place], asks: Sequence[Ask], rounds: int) -> list[float]:
    """The 99th percentile of an answer at each place, in microseconds: medians of so many rounds of a second."""
    with ExitStack() as stack:
        clients = [stack.enter_context(closing(place.greeted())) for place in places]
        for client in clients:
            client.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return [median(found) for found in zip(*(_round(clients, asks) for _ in range(rounds)), strict=True)]


def _round(clients: Sequence[Client], asks: Sequence[Ask]) -> list[float]:
    times: list[list[float]] = [[] for _ in clients]
    end = monotonic() + 1
    while monotonic() < end:
        for ask in asks:
            for client, trips in zip(clients, times, strict=True):
                began = perf_counter()
                reply = ask(client)
                trips.append(perf_counter() - began)
                assert reply.startswith("250 "), reply
    return [sorted(trips)[len(trips) * 99 // 100] * 1e6 for trips in times]


@contextmanager
def crowd(module: str, *arguments: int) -> Iterator[None]:
    """All of them are there as long as it is open: a process of `python -m module arguments`."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            if process.stdout.readline() != f"{THERE}\n":
                raise RuntimeError(f"the crowd of {module} is not there")
            yield
        finally:
            process.kill()
