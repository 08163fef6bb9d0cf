"""`python -m tests.bench nodes`: two nodes on one PostgreSQL and Redis beside one that is alone.

Both installations run at the same time, and the rounds take turns. What counts is CPU time: a node has so much of it a
second, so two take twice as many messages as one, as long as a message costs each no more. The database stands apart,
which all nodes of an installation share. What they spend without mail is taken off: it does not grow with mail. The
load, smtp-source, comes from outside their networks, and what they relay goes there, to smtp-sink.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from statistics import median
from time import monotonic, sleep

from console.processes.address import free_port
from tests import nodes
from tests.bench import processor
from tests.bench.load import Sink, send
from tests.nodes import NET, Node

ROUNDS, MESSAGES, IDLE = 3, 4000, 10.0
"""Rounds, messages of a node in each, and seconds of looking at nodes without mail."""
SERVERS = ("postgresql", "valkey")
PARTS = {part: names for part, names in processor.PARTS.items() if part != "database"} | {"rest": ("console", "beat")}
SETUP = """
Set-AcceptedDomain gatepost.test -DomainType ExternalRelay -DeliverTo Host -DeliveryHosts "[{host}]:{port}"
Get-ReceiveConnector | Set-ReceiveConnector -ProtocolLoggingLevel None -MaxInboundConnectionPerSource Unlimited
"""


Seconds = dict[str, float]
"""CPU seconds of the parts of nodes, and of the servers that all of an installation share."""


def main() -> None:
    if not nodes.can_be_made():
        print("Two nodes need networks of their own: nothing is measured without root and iproute2.")
        return
    port = free_port()
    with nodes.network(), ExitStack() as stack:
        stack.callback((sink := Sink(port, f"{NET}.1")).stop)
        with _installation(port, 1) as alone, _installation(port, 2, 3) as both:
            _compare(sink, alone, both)


def _compare(sink: Sink, alone: Sequence[Node], both: Sequence[Node]) -> None:
    installations = (alone, both)
    idle = [_idle(each) for each in installations]
    costs: list[list[Seconds]] = [[], []]
    for _ in range(ROUNDS):
        for at, installation in enumerate(installations):
            costs[at].append(_cost(installation, sink, idle[at]))
    one, two = ({part: median(each[part] for each in of) for part in of[0]} for of in costs)
    print(f"{'nodes on one PostgreSQL and Redis':60}{1:>9}{2:>9}")
    for part in one:
        print(f"{f'CPU microseconds for a message, {part}':60}{one[part] * 1e6:>9,.0f}{two[part] * 1e6:>9,.0f}")
    shares = [_of_nodes(each) / IDLE * 100 for each in idle]
    print(f"{'% of a core without mail, of the nodes':60}{shares[0]:>9.1f}{shares[1]:>9.1f}")
    print(
        f"{'two nodes take so many times what one takes':60}{'':9}{2 * _of_nodes(one) / _of_nodes(two):>9.2f}",
        flush=True,
    )


def _of_nodes(spent: Seconds) -> float:
    return sum(spent[part] for part in PARTS)


def _cost(installation: Sequence[Node], sink: Sink, idle: Seconds) -> Seconds:
    """CPU seconds of a message, from accepting it to the next hop that has it."""
    messages = MESSAGES * len(installation)
    before, arrived, began = _spent(installation), sink.messages, monotonic()
    with ThreadPoolExecutor() as at_once:
        for sent in [at_once.submit(_send, node) for node in installation]:
            sent.result()
    sink.wait_for(arrived + messages)
    share, after = (monotonic() - began) / IDLE, _spent(installation)
    return {part: (after[part] - before[part] - idle[part] * share) / messages for part in after}


def _send(node: Node) -> None:
    send(2525, "user@gatepost.test", MESSAGES, host=node.host)


def _idle(installation: Sequence[Node]) -> Seconds:
    before = _spent(installation)
    sleep(IDLE)
    return {part: spent - before[part] for part, spent in _spent(installation).items()}


def _spent(installation: Sequence[Node]) -> Seconds:
    """The servers run below the first node."""
    pids = [node.run_file()["pids"] for node in installation]
    found = {part: processor.spent({each[name] for each in pids for name in names}) for part, names in PARTS.items()}
    found["PostgreSQL and Redis"] = processor.spent({pids[0][name] for name in SERVERS})
    return {part: spent.seconds for part, spent in found.items()}


@contextmanager
def _installation(sink: int, *numbers: int) -> Iterator[list[Node]]:
    """Nodes on the servers of the first one, which deliver to the sink."""
    made: list[Node] = []
    try:
        for number in numbers:
            made.append(node := Node(number, made[0] if made else None))
            node.start()
            node.wait_until_in_order()
        _checked(made[0], SETUP.format(host=f"{NET}.1", port=sink))
        for node in made:
            node.wait_until_in_order()
        yield made
    finally:
        for node in reversed(made):
            with suppress(Exception):
                node.kill()
            node.remove()


def _checked(node: Node, script: str) -> None:
    done = node.manage("gms", "-c", script)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
