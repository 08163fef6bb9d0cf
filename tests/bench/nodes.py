"""`python -m tests.bench nodes`: two nodes on one PostgreSQL and Redis beside one, and beside two that share nothing.

All run at the same time, and the rounds take turns. What counts is CPU time: a node has so much of it a second, so two
take twice as many messages as one, as long as a message costs each no more. Two that share nothing show what it costs
that both are busy on one machine. The database stands apart, which all nodes of an installation share. What they spend
without mail is taken off: it does not grow with mail. The load, smtp-source, comes from outside their networks, and
what they relay goes there, to smtp-sink.
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
Installations = Sequence[Sequence[Node]]
"""Each on servers of its own; loaded at the same time."""


def main() -> None:
    if not nodes.can_be_made():
        print("Two nodes need networks of their own: nothing is measured without root and iproute2.")
        return
    port = free_port()
    with nodes.network(), ExitStack() as stack:
        stack.callback((sink := Sink(port, f"{NET}.1")).stop)
        with _installation(port, 1) as one, _installation(port, 2) as other, _installation(port, 3, 4) as both:
            _compare(sink, [one], [one, other], [both])


def _compare(sink: Sink, *kinds: Installations) -> None:
    idle = [_idle(each) for each in kinds]
    costs: list[list[Seconds]] = [[] for _ in kinds]
    for _ in range(ROUNDS):
        for at, installations in enumerate(kinds):
            costs[at].append(_cost(installations, sink, idle[at]))
    found = [{part: median(each[part] for each in of) for part in of[0]} for of in costs]
    _row("nodes", ["1", "2 apart", "2 on one PostgreSQL"])
    for part in found[0]:
        _row(f"CPU microseconds for a message, {part}", [f"{each[part] * 1e6:,.0f}" for each in found])
    _row("% of a core without mail, of the nodes", [f"{_of_nodes(each) / IDLE * 100:.1f}" for each in idle])
    one, apart, both = (_of_nodes(each) for each in found)
    _row("take so many times what one takes", ["1.00", f"{2 * one / apart:.2f}", f"{2 * one / both:.2f}"])
    _row("the same if each had a machine of its own", ["1.00", "2.00", f"{2 * apart / both:.2f}"])


def _row(label: str, values: Sequence[str]) -> None:
    print(f"{label:56}" + "".join(f"{value:>22}" for value in values), flush=True)


def _of_nodes(spent: Seconds) -> float:
    return sum(spent[part] for part in PARTS)


def _cost(installations: Installations, sink: Sink, idle: Seconds) -> Seconds:
    """CPU seconds of a message, from accepting it to the next hop that has it."""
    every = [node for installation in installations for node in installation]
    messages = MESSAGES * len(every)
    before, arrived, began = _spent(installations), sink.messages, monotonic()
    with ThreadPoolExecutor() as at_once:
        for sent in [at_once.submit(_send, node) for node in every]:
            sent.result()
    sink.wait_for(arrived + messages)
    share, after = (monotonic() - began) / IDLE, _spent(installations)
    return {part: (after[part] - before[part] - idle[part] * share) / messages for part in after}


def _send(node: Node) -> None:
    send(2525, "user@gatepost.test", MESSAGES, host=node.host)


def _idle(installations: Installations) -> Seconds:
    before = _spent(installations)
    sleep(IDLE)
    return {part: spent - before[part] for part, spent in _spent(installations).items()}


def _spent(installations: Installations) -> Seconds:
    """The servers run below the first node of each."""
    pids = [[node.run_file()["pids"] for node in installation] for installation in installations]
    names = {part: {each[name] for of in pids for each in of for name in names} for part, names in PARTS.items()}
    names["PostgreSQL and Redis"] = {of[0][name] for of in pids for name in SERVERS}
    return {part: processor.spent(found).seconds for part, found in names.items()}


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
