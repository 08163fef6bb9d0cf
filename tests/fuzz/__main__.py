"""`python -m tests.fuzz [--lines N] [--socket-lines N] [--seed N]` ends with 0 when it finds nothing."""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import time

from tests.fuzz.core import Client
from tests.fuzz.variants import connector, snapshot
from tests.fuzz.wire import Swarm
from transport.receive.policy import Policy

MOST_GROWTH = 24 << 20
"""Bytes that a process may grow by after its first fifth: caches have their bounds."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--lines", type=int, default=1_000_000, help="against the core")
    parser.add_argument("--socket-lines", type=int, default=200_000, help="over sockets, to a transport of its own")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    wanted = parser.parse_args()
    print(f"seed {wanted.seed}", flush=True)
    if wanted.lines:
        core(wanted.lines, wanted.seed)
    if wanted.socket_lines:
        asyncio.run(wire(wanted.socket_lines, wanted.seed))


def core(count: int, seed: int) -> None:
    """Connections of up to 60 lines, 20 under each configuration."""
    chance, said, connections, settled, began = random.Random(seed), 0, 0, 0, time.monotonic()
    while said < count:
        policy = Policy(snapshot(chance, connector(chance, calm=chance.random() < 0.5)))
        for _ in range(20):
            client = Client(policy, chance)
            client.talk(60)
            said, connections = said + client.lines, connections + 1
        settled = settled or (said > count / 5 and peak())
    report("core", said, f"{connections:,} connections", began, peak() - settled)


def peak() -> int:
    """The most bytes of memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def wire(count: int, seed: int) -> None:
    """Forty clients at a time."""
    swarm, began = Swarm(seed), time.monotonic()
    try:
        await swarm.say(count // 5)
        settled = swarm.resident()
        await swarm.say(count - count // 5)
        growth = swarm.resident() - settled
        report("sockets", swarm.said, f"{swarm.finish():,} messages stored", began, growth)
    finally:
        swarm.transport.remove()


def report(where: str, said: int, what: str, began: float, growth: int) -> None:
    seconds = time.monotonic() - began
    print(f"{where}: {said:,} lines in {seconds:.0f} s, {what}, memory {growth / (1 << 20):+.1f} MB", flush=True)
    if growth > MOST_GROWTH:
        raise SystemExit(f"{where}: memory grows")


if __name__ == "__main__":
    main()
