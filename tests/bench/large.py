"""Messages of 10 MB on their whole way, from the client to a sink: how fast they go, how often each octet is written,
and what a megabyte costs, beside Postfix.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import monotonic
from typing import NamedTuple

from tests.bench.gatepost import Gatepost
from tests.bench.load import Sink, send
from tests.bench.postfix import Postfix
from tests.bench.processor import Spent

MEGABYTE, MEGABYTES, MESSAGES, CONNECTIONS = 1_000_000, 10, 20, 4


class Measured(NamedTuple):
    """Megabytes a second, octets written per octet of mail, and CPU milliseconds per megabyte."""

    rate: float
    written: float
    cost: float


NAMES = "MB/s relayed, messages of 10 MB, to a sink", "octets written per octet of that mail", "CPU ms per MB of it"


def compare(gatepost: Gatepost, postfix: Postfix, sink: Sink, rounds: int) -> list[tuple[str, float, float]]:
    """Name, ours and theirs of each figure: medians, the two sides taking turns."""
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(_measured(gatepost.relay, sink, gatepost.spent, gatepost.settle))
        theirs.append(_measured(postfix.port, sink, postfix.spent, postfix.settle))
    return [
        (name, median(each), median(other))
        for name, each, other in zip(NAMES, zip(*ours, strict=True), zip(*theirs, strict=True), strict=True)
    ]


def accept(port: int, recipient: str) -> float:
    """Megabytes a second that are answered 250."""
    return MESSAGES * MEGABYTES / send(port, recipient, MESSAGES, size=MEGABYTES * MEGABYTE, connections=CONNECTIONS)


def _measured(port: int, sink: Sink, spent: Callable[[], Spent], settle: Callable[[], object]) -> Measured:
    settle()
    before, arrived, began = spent(), sink.messages, monotonic()
    accept(port, "user@relay.example")
    seconds = sink.wait_for(arrived + MESSAGES) - began
    settle()
    used, megabytes = spent().since(before), MESSAGES * MEGABYTES
    return Measured(megabytes / seconds, used.octets / megabytes / MEGABYTE, used.seconds * 1000 / megabytes)
