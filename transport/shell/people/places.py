"""A few pieces of work at a time, and who waits is taken network by network: many from one hold up nobody else."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from ipaddress import ip_network

NETWORK = {4: 24, 6: 48}
"""Bits that two clients of one network share: what one customer of a provider usually has at most (RFC 6177)."""


class NoPlaceError(Exception):
    """Too many wait."""


@lru_cache(maxsize=65536)
def network_of(source: str) -> str:
    """The network that a source (`endpoint.source_of`) lies in."""
    network = ip_network(source, strict=False)
    return str(network.supernet(new_prefix=NETWORK[network.version]))


class Places:
    """For the event loop's thread."""

    def __init__(self, at_once: int, most_waiting: int) -> None:
        self._free, self._most_waiting = at_once, most_waiting
        self._queues: OrderedDict[str, deque[asyncio.Future[bool]]] = OrderedDict()
        self._waiting = 0

    @asynccontextmanager
    async def place(self, network: str, known: bool = False) -> AsyncIterator[None]:
        """A place for the time of the block. Raises NoPlaceError when too many wait: then the network that has most of
        them gives up its newest for one that has fewer, or for a client that is `known`.
        """
        if self._free:
            self._free -= 1
        else:
            await self._wait(network, known)
        try:
            yield
        finally:
            self._hand_on()

    async def _wait(self, network: str, known: bool) -> None:
        if self._waiting >= self._most_waiting:
            self._make_room(network, known)
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(network, deque()).append(turn)
        self._waiting += 1
        try:
            if not await turn:
                raise NoPlaceError
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.result():
                self._hand_on()
            raise

    def _make_room(self, network: str, known: bool) -> None:
        largest = max(self._queues, key=lambda each: len(self._queues[each]))
        own = len(self._queues.get(network, ()))
        if not known and len(self._queues[largest]) <= own + 1:
            raise NoPlaceError
        turn = self._queues[largest].pop()
        self._left(largest)
        if not turn.done():
            turn.set_result(False)

    def _hand_on(self) -> None:
        """The next network's oldest comes; then that network waits until all others had their turn."""
        while self._queues:
            network = next(iter(self._queues))
            turn = self._queues[network].popleft()
            self._queues.move_to_end(network)
            self._left(network)
            if not turn.done():
                turn.set_result(True)
                return
        self._free += 1

    def _left(self, network: str) -> None:
        self._waiting -= 1
        if not self._queues[network]:
            del self._queues[network]
