"""Runs the measurements and prints them as ratios to Postfix, medians of five, the two sides taking turns; then what a
message costs each of our processes. `large` as an argument: large messages alone, of which the octets written to disk
are counted, too; `cores`: what several transports on one node cost and take; `strangers`: what idle sessions do;
`nodes`: what two nodes take beside one.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import monotonic

from console.processes.address import free_port
from tests.bench import backlog, cores, decisions, idle, large, nodes, processor, sending
from tests.bench.gatepost import Gatepost
from tests.bench.load import Sink, send
from tests.bench.postfix import Postfix

DOMAIN, RECIPIENTS, ROUNDS = "gatepost.test", 100_000, 5
RECIPIENT = f"user@{DOMAIN}"  # smtp-source puts a number in front, a different one for each message


def main() -> None:
    if "backlog" in sys.argv:
        return backlog.main()
    if "cores" in sys.argv:
        return cores.main()
    if "strangers" in sys.argv:
        return idle.main()
    if "nodes" in sys.argv:
        return nodes.main()
    if not shutil.which("postfix"):
        print("Postfix is not installed, and its smtp-source makes the load: only what needs neither is measured.")
        idle.main()
        sending.main()
        return decisions.main()
    ports = [free_port() for _ in range(4)]
    sink = Sink(ports[3])
    with Gatepost(ports[0], ports[1], ports[3], DOMAIN, RECIPIENTS) as gatepost:
        gatepost.prepare()
        postfix = _postfix(ports[2], ports[3])
        try:
            print(f"{'':44}{'Gatepost':>12}{'Postfix':>12}{'ratio':>8}")
            if "large" not in sys.argv:
                _compare(gatepost, postfix, sink)
            for row in large.compare(gatepost, postfix, sink, ROUNDS):
                _row(*row)
            if "large" in sys.argv:
                return
            _alone(gatepost)
            _costs(gatepost)
        finally:
            sink.stop()
            postfix.stop()
            shutil.rmtree(postfix.folder)
    sending.main()
    decisions.main()
    cores.main()
    nodes.main()
    return backlog.main()


def _postfix(port: int, sink: int) -> Postfix:
    folder = Path(tempfile.mkdtemp(prefix="gatepost-bench-postfix-"))
    postfix = Postfix(folder, port, sink, DOMAIN, [f"{number}user@{DOMAIN}" for number in range(1, RECIPIENTS + 1)])
    postfix.start()
    return postfix


def _compare(gatepost: Gatepost, postfix: Postfix, sink: Sink) -> None:
    cases: list[tuple[str, int, Callable[[int], float]]] = [
        ("accepted/s, 4 KB, a connection each", gatepost.quiet, lambda port: _rate(port, 3000, keep=False)),
        ("accepted/s, 4 KB, connections kept", gatepost.quiet, lambda port: _rate(port, 5000, keep=True)),
        ("MB/s, messages of 10 MB, 4 connections", gatepost.quiet, lambda port: large.accept(port, RECIPIENT)),
        ("relayed/s, 4 KB, 20 connections to a sink", gatepost.relay, lambda port: _relay(port, sink, 3000)),
    ]
    for name, port, measure in cases:
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(measure(port))
            gatepost.drain()
            theirs.append(measure(postfix.port))
            postfix.settle()
        _row(name, median(ours), median(theirs))


def _rate(port: int, messages: int, *, keep: bool) -> float:
    return messages / send(port, RECIPIENT, messages, keep=keep)


def _relay(port: int, sink: Sink, messages: int) -> float:
    before, began = sink.messages, monotonic()
    send(port, "user@relay.example", messages)
    return messages / (sink.wait_for(before + messages) - began)


def _alone(gatepost: Gatepost) -> None:
    verbose, quiet = [], []
    port = int(gatepost.smtp.rpartition(":")[2])
    for _ in range(ROUNDS):
        verbose.append(_rate(port, 5000, keep=True))
        gatepost.drain()
        quiet.append(_rate(gatepost.quiet, 5000, keep=True))
        gatepost.drain()
    _row("protocol log Verbose beside None", median(verbose), median(quiet))
    before = gatepost.memory()
    send(gatepost.quiet, RECIPIENT, 1, size=100 * large.MEGABYTE, connections=1)
    print(f"{'memory for a message of 100 MB, MB':44}{(gatepost.memory() - before) / large.MEGABYTE:>12.1f}")
    gatepost.drain()
    idle.main()


def _costs(gatepost: Gatepost) -> None:
    """The figures that hold on a busy machine."""
    print(f"{'CPU microseconds for a message':44}" + "".join(f"{part:>12}" for part in processor.PARTS))
    loads: list[tuple[str, int, Callable[[int], float]]] = [
        ("connections kept", 5000, lambda messages: send(gatepost.quiet, RECIPIENT, messages)),
        ("a connection each", 3000, lambda messages: send(gatepost.quiet, RECIPIENT, messages, keep=False)),
    ]
    for name, messages, load in loads:
        found = processor.costs(gatepost.run_file()["pids"], load, gatepost.drain, messages, ROUNDS)
        print(f"{name:44}" + "".join(f"{cost:>12,.0f}" for cost in found.values()), flush=True)


def _row(name: str, ours: float, theirs: float) -> None:
    digits = 0 if theirs >= 100 else 2
    print(f"{name:44}{ours:>12,.{digits}f}{theirs:>12,.{digits}f}{ours / theirs:>8.2f}", flush=True)


if __name__ == "__main__":
    main()
