"""Whether the books balance: a worker counts now and then, for it takes seconds; the overview says what it found."""

from __future__ import annotations

from django.core.cache import cache

from console.processes.queries import backlogs
from console.queues.queries import BALANCE, ledger

KEPT = 3600
"""Seconds."""


def count() -> int | None:
    """Recipients that are missing (positive) or too many, noted for `unbalanced`; None, and what was noted stays, where
    a journal cannot be counted. What comes while it counts is no difference: it must be the same twice.
    """
    found = set()
    for _turn in range(2):
        journals = backlogs()
        if not journals or any(each.is_away or not each.all_counted for each in journals):
            return None
        found.add(ledger(journals).difference)
        if 0 in found:
            break
    difference = found.pop() if len(found) == 1 else 0
    cache.set(BALANCE, difference, KEPT)
    return difference
