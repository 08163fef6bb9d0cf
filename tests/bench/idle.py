"""`python -m tests.bench strangers`: what clients that say nothing take, and cost everybody else.

20,000 are greeted by a node of two transports, say EHLO, and no more; another node has none. Everybody else hands in
messages at both in turns, so that whatever else the machine does, both feel. The same beside 1,000 in the tarpit.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.bench import beside, tarpit
from tests.shell.running_master import RunningMaster
from tests.shell.running_transport import Client
from tests.waiting import wait_for

SESSIONS, PROCESSES, ROUNDS, TRANSPORTS = 20_000, 4, 30, 2
"""Each process and each transport has fewer than the files that one may open."""
WAVE = 50
HOUR = 3600


def main() -> None:
    _row(f"p99 of a message, µs, {SESSIONS:,} idle beside none", *_measure())
    _row(f"p99 of a command, µs, {tarpit.HARVESTERS:,} held beside none", *tarpit.slowest_percents(ROUNDS))


def _measure() -> list[float]:
    """Prints the octets of an idle session. Of a message: beside them, and beside none."""
    with ExitStack() as stack:
        laden, empty = [stack.enter_context(_node()) for _ in range(2)]
        before = _memory(laden)
        for number in range(PROCESSES):
            stack.enter_context(beside.crowd(__name__, laden.port, number))
        octets = (_memory(laden) - before) / SESSIONS
        print(f"{f'octets of memory for each of {SESSIONS:,} idle sessions':60}{octets:>12,.0f}", flush=True)
        return beside.slowest_percents((laden, empty), [_hand_in], ROUNDS)


def _hand_in(client: Client) -> str:
    return client.message(b"Subject: measured\r\n\r\nx")


@contextmanager
def _node() -> Iterator[RunningMaster]:
    node = RunningMaster(TRANSPORTS)
    node.publish(
        node.connector(
            max_inbound_connection=None,
            max_inbound_connection_per_source=None,
            message_rate_limit=None,
            connection_timeout=HOUR,
            connection_inactivity_timeout=HOUR,
        )
    )
    try:
        node.start()
        wait_for(lambda: node.serving() == node.names, "not all transports serve", 60)
        yield node
    finally:
        node.remove()


def _memory(node: RunningMaster) -> int:
    """Octets that are the transports' own."""
    sizes = [Path(f"/proc/{pid}/statm").read_text().split() for pid in node.pids()]
    return sum(int(resident) - int(shared) for _, resident, shared, *_ in sizes) * os.sysconf("SC_PAGE_SIZE")


def _stay(port: int, number: int) -> None:
    """Says so once all are there, then says nothing until its own input ends."""
    sessions: list[socket.socket] = []
    while len(sessions) < SESSIONS // PROCESSES:
        wave = [
            socket.create_connection(("127.0.0.1", port), timeout=60, source_address=(f"127.1.{number}.{each + 1}", 0))
            for each in range(WAVE)
        ]
        for said in (b"EHLO client.example\r\n", b""):
            for session in wave:
                session.recv(4096)
                session.sendall(said)
        sessions += wave
    print(beside.THERE, flush=True)
    sys.stdin.read()


def _row(name: str, many: float, none: float) -> None:
    print(f"{name:60}{many:>12,.0f}{none:>12,.0f}{many / none:>8.2f}", flush=True)


if __name__ == "__main__":
    _stay(int(sys.argv[1]), int(sys.argv[2]))
