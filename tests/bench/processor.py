"""What mail costs processes: CPU time and octets written, out of /proc, those of children included."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import NamedTuple

PARTS = {
    "transport": ("transport",),
    "forwarder": ("forwarder",),
    "worker": ("worker", "outbound"),
    "database": ("postgresql",),
}
"""What is printed → the processes of it, as `run.json` names them."""
Costs = dict[str, float]


class Spent(NamedTuple):
    """CPU `seconds`, and `octets` written to files."""

    seconds: float
    octets: int

    def since(self, before: Spent) -> Spent:
        return Spent(self.seconds - before.seconds, self.octets - before.octets)


def costs(
    pids: Mapping[str, int], load: Callable[[int], object], drain: Callable[[], object], messages: int, rounds: int
) -> Costs:
    """CPU microseconds of each part for a message, from accepting it to its mailbox: medians. `pids` are those of
    `run.json`. `load` hands in so many messages, `drain` returns once they are delivered.
    """
    found = []
    for _ in range(rounds):
        before = _by_part(pids)
        load(messages)
        drain()
        after = _by_part(pids)
        found.append({part: (after[part] - before[part]) / messages * 1e6 for part in PARTS})
    return {part: median(one[part] for one in found) for part in PARTS}


def _by_part(pids: Mapping[str, int]) -> Costs:
    processes = _processes()
    return {part: _sum({pids[name] for name in names}, processes).seconds for part, names in PARTS.items()}


def spent(roots: set[int]) -> Spent:
    """What these processes and all below them have spent so far. To read what they wrote needs their account."""
    return _sum(roots, _processes())


def _sum(roots: set[int], processes: Mapping[int, _Process]) -> Spent:
    below = [one.spent for one in processes.values() if _is_below(one, roots, processes)]
    return Spent(sum(one.seconds for one in below), sum(one.octets for one in below))


class _Process(NamedTuple):
    """`spent`: with what children have that ended."""

    pid: int
    parent: int
    spent: Spent


def _processes() -> dict[int, _Process]:
    found = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            fields = file.read_text().rpartition(")")[2].split()
            pid, ticks = int(file.parent.name), sum(map(int, fields[11:15]))
            used = Spent(ticks / os.sysconf("SC_CLK_TCK"), _written(file.parent))
            found[pid] = _Process(pid, int(fields[1]), used)
    return found


def _written(process: Path) -> int:
    """What it wrote (`wchar`) includes pipes and sockets; what it made dirty (`write_bytes`) includes the filesystem's
    journal, which is everybody's, and charged to whoever waits for it. The smaller one is about files, and its own.
    """
    try:
        found = dict(line.split(": ") for line in (process / "io").read_text().splitlines())
    except OSError:  # of another account
        return 0
    return min(int(found["wchar"]), int(found["write_bytes"]))


def _is_below(one: _Process | None, roots: set[int], processes: Mapping[int, _Process]) -> bool:
    while one is not None and one.pid not in roots:
        one = processes.get(one.parent)
    return one is not None
