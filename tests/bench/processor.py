"""What one message costs each process of a whole copy: CPU time out of /proc, that of children included."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.bench.gatepost import Gatepost

PARTS = {
    "transport": ("transport",),
    "forwarder": ("forwarder",),
    "worker": ("worker", "outbound"),
    "database": ("postgresql",),
}
"""What is printed → the processes of it, as `run.json` names them."""
Costs = dict[str, float]


def costs(gatepost: Gatepost, load: Callable[[int], object], messages: int, rounds: int) -> Costs:
    """CPU microseconds of each part for a message, from accepting it to its mailbox: medians.

    `load` hands in so many messages.
    """
    pids, found = gatepost.run_file()["pids"], []
    for _ in range(rounds):
        before = _spent(pids)
        load(messages)
        gatepost.drain()
        after = _spent(pids)
        found.append({part: (after[part] - before[part]) / messages * 1e6 for part in PARTS})
    return {part: median(one[part] for one in found) for part in PARTS}


def _spent(pids: Mapping[str, int]) -> Costs:
    """CPU seconds so far, by part."""
    processes = _processes()
    spent = {}
    for part, names in PARTS.items():
        roots = {pids[name] for name in names}
        spent[part] = sum(one.seconds for one in processes.values() if _is_below(one, roots, processes))
    return spent


class _Process(NamedTuple):
    """`seconds` of CPU, with those of children that have ended."""

    pid: int
    parent: int
    seconds: float


def _processes() -> dict[int, _Process]:
    found = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            fields = file.read_text().rpartition(")")[2].split()
            pid, ticks = int(file.parent.name), sum(map(int, fields[11:15]))
            found[pid] = _Process(pid, int(fields[1]), ticks / os.sysconf("SC_CLK_TCK"))
    return found


def _is_below(one: _Process | None, roots: set[int], processes: Mapping[int, _Process]) -> bool:
    while one is not None and one.pid not in roots:
        one = processes.get(one.parent)
    return one is not None
