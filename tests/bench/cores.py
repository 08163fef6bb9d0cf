"""`python -m tests.bench cores`: what a message costs with 1, 2 and 4 transports on one node, and how many they take.

All three nodes run at the same time, and the rounds take turns, so that whatever else the machine does, all feel. The
load has cores of its own where there are more than two; on fewer, the CPU time of a message is what counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from statistics import median

from tests.bench import processor
from tests.bench.load import send
from tests.shell.running_master import RunningMaster
from tests.waiting import wait_for
from transport.config.receive_connector import ProtocolLoggingLevel

NODES, ROUNDS = (1, 2, 4), 3
RECIPIENT = "user@gatepost.test"
EACH = 20
"""Connections at a time for each transport: the work of each is then the same, however many there are."""
CASES = {"connections kept": (4000, True), "a connection each": (2000, False)}
"""What is printed → messages of a round, and whether a connection takes more than one."""


def main() -> None:
    cores = sorted(os.sched_getaffinity(0))
    for_load = cores[-(len(cores) // 2) :] if len(cores) > 2 else []
    with ExitStack() as stack:
        nodes = {of: stack.enter_context(_node(of, set(cores) - set(for_load))) for of in NODES}
        said = f"the load on cores {for_load}" if for_load else "load and transports share the cores"
        print(f"{f'transports, of {len(cores)} cores, {said}':60}" + "".join(f"{of:>9}" for of in NODES))
        for name, (messages, keep) in CASES.items():
            costs, rates = _measure(nodes, messages, keep, for_load)
            _row(f"CPU microseconds for a message, {name}", costs)
            _row(f"accepted/s, {name}", rates)


Figures = dict[int, float]


def _measure(
    nodes: Mapping[int, RunningMaster], messages: int, keep: bool, for_load: list[int]
) -> tuple[Figures, Figures]:
    """For each node CPU microseconds of a message, and messages a second: medians."""
    costs: dict[int, list[float]] = {of: [] for of in nodes}
    rates: dict[int, list[float]] = {of: [] for of in nodes}
    for _ in range(ROUNDS):
        for of, node in nodes.items():
            assert node.process is not None
            before = processor.spent({node.process.pid})
            seconds = send(node.port, RECIPIENT, messages, keep=keep, cores=for_load, connections=EACH * of)
            costs[of].append(processor.spent({node.process.pid}).since(before).seconds / messages * 1e6)
            rates[of].append(messages / seconds)
    return _medians(costs), _medians(rates)


def _medians(found: Mapping[int, list[float]]) -> Figures:
    return {of: median(each) for of, each in found.items()}


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
