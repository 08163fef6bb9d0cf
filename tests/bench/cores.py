"""`python -m tests.bench cores`: what a message costs with 1, 2 and 4 transports on one node, and how many they take.

All run at the same time, and the rounds take turns, so that whatever else the machine does, all feel. The load has
cores of its own where there are more than two; on fewer, the CPU time of a message is what counts. There it grows with
every process that is busy, whatever they have to do with each other: so four that share nothing stand beside the four
that share a node, and only what is between the two is the price of sharing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from statistics import median
from time import monotonic

from tests.bench import processor
from tests.bench.load import send
from tests.shell.running_master import RunningMaster
from tests.waiting import wait_for
from transport.config.receive_connector import ProtocolLoggingLevel

NODES = {"1": (1,), "2": (2,), "4": (4,), "4 apart": (1, 1, 1, 1)}
"""What is printed → transports of each node."""
ROUNDS = 3
RECIPIENT = "user@gatepost.test"
EACH = 20
"""Connections at a time for each transport: the work of each is then the same, however many there are."""
CASES = {"connections kept": (2000, True), "a connection each": (1000, False)}
"""What is printed → messages of a round for each transport, and whether a connection takes more than one."""

Figures = dict[str, float]


def main() -> None:
    cores = sorted(os.sched_getaffinity(0))
    for_load = cores[-(len(cores) // 2) :] if len(cores) > 2 else []
    with ExitStack() as stack:
        ours = set(cores) - set(for_load)
        nodes = {name: [stack.enter_context(_node(of, ours)) for of in each] for name, each in NODES.items()}
        said = f"the load on cores {for_load}" if for_load else "load and transports share the cores"
        print(f"{f'transports, of {len(cores)} cores, {said}':60}" + "".join(f"{name:>9}" for name in NODES))
        for name, (messages, keep) in CASES.items():
            costs, rates = _measure(nodes, messages, keep, for_load)
            _row(f"CPU microseconds for a message, {name}", costs)
            _row(f"accepted/s, {name}", rates)


def _measure(
    nodes: Mapping[str, Sequence[RunningMaster]], messages: int, keep: bool, for_load: list[int]
) -> tuple[Figures, Figures]:
    """CPU microseconds of a message, and messages a second: medians, without the first round, for which nobody is
    warm.
    """
    costs: dict[str, list[float]] = {name: [] for name in nodes}
    rates: dict[str, list[float]] = {name: [] for name in nodes}
    for _ in range(1 + ROUNDS):
        for name, each in nodes.items():
            before, began = _spent(each), monotonic()
            sent = _load(each, messages, keep, for_load)
            costs[name].append((_spent(each) - before) / sent * 1e6)
            rates[name].append(sent / (monotonic() - began))
    return _medians(costs), _medians(rates)


def _spent(nodes: Sequence[RunningMaster]) -> float:
    """CPU seconds."""
    return processor.spent({node.process.pid for node in nodes if node.process is not None}).seconds


def _load(nodes: Sequence[RunningMaster], messages: int, keep: bool, for_load: list[int]) -> int:
    """So many messages for each transport, all nodes at the same time; returns how many in all."""

    def load(node: RunningMaster) -> int:
        of = len(node.names)
        send(node.port, RECIPIENT, messages * of, keep=keep, cores=for_load, connections=EACH * of)
        return messages * of

    with ThreadPoolExecutor(len(nodes)) as threads:
        return sum(threads.map(load, nodes))


def _medians(found: Mapping[str, list[float]]) -> Figures:
    return {name: median(each[1:]) for name, each in found.items()}


def _row(name: str, figures: Figures) -> None:
    print(f"{name:60}" + "".join(f"{each:>9,.0f}" for each in figures.values()), flush=True)


@contextmanager
def _node(of: int, cores: set[int]) -> Iterator[RunningMaster]:
    """Transports alone: nothing empties their journals."""
    node = RunningMaster(of)
    node.publish(
        node.connector(protocol_logging_level=ProtocolLoggingLevel.None_, max_inbound_connection_per_source=None)
    )
    node.start()
    try:
        wait_for(lambda: node.serving() == node.names, "not all transports serve", 60)
        for pid in node.pids():
            os.sched_setaffinity(pid, cores)
        yield node
    finally:
        node.remove()
