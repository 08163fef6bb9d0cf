"""Which of many ranges holds an address: one bisection, however many and however they overlap."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from typing import Any, Generic, TypeVar

Owner = TypeVar("Owner")


class RangeMap(Generic[Owner]):
    """Disjoint stretches of one address family, each with its owner."""

    __slots__ = ("_owners", "_starts")

    def __init__(self, spans: Iterable[tuple[int, int, Any, Owner]]) -> None:
        """`spans`: (low, high, rank, owner); where several hold an address the lowest rank wins, then the lower low."""
        self._starts: list[int] = []
        self._owners: list[Owner | None] = []
        waiting = sorted(spans, key=lambda span: span[0])
        edges = sorted({edge for low, high, _, _ in waiting for edge in (low, high + 1)})
        active: list[tuple[Any, int, Owner]] = []
        taken = 0
        for edge in edges:
            while taken < len(waiting) and waiting[taken][0] <= edge:
                _, _, rank, owner = waiting[taken]
                heappush(active, (rank, taken, owner))
                taken += 1
            while active and waiting[active[0][1]][1] < edge:
                heappop(active)
            self._starts.append(edge)
            self._owners.append(active[0][2] if active else None)

    def stretches(self, low: int, high: int) -> Iterator[tuple[int, int, Owner]]:
        """(low, high, owner) of the parts of `low` to `high` that have an owner, ascending."""
        for place in range(max(0, bisect_right(self._starts, low) - 1), bisect_right(self._starts, high)):
            owner = self._owners[place]
            if owner is not None:
                yield max(low, self._starts[place]), min(high, self._starts[place + 1] - 1), owner

    def find(self, address: int) -> Owner | None:
        """The owner of the address (as an integer), or None."""
        place = bisect_right(self._starts, address) - 1
        return self._owners[place] if place >= 0 else None
