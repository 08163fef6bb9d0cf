"""Counts over all transports, through Redis: each says twice a second what it has, and hears what the others have. The
minutes in which messages are counted are those of Redis' clock.
"""

import asyncio
import logging
from collections import Counter
from typing import Never

import msgspec
from redis.exceptions import RedisError

from transport import redis_address
from transport.config.receive_connector import LimitScope
from transport.shell import clock
from transport.shell.clients.reception import Reception

EVERY = 0.5
FRESH = 3
"""Seconds after which a silent transport counts no more."""
PREFIX = "gatepost:load:"

log = logging.getLogger(__name__)


class SharedCounts:
    """While Redis is away each node keeps to its part of a limit, as many as there are `nodes`; `problem` says so."""

    def __init__(self, url: str, name: str, reception: Reception, node: str = "") -> None:
        """`node`: the name of the transports that count together, of which we need to hear nothing; none: `name`."""
        self._redis = redis_address.async_client(url, socket_timeout=2, socket_connect_timeout=2)
        self._node = f"{PREFIX}{node or name}/"
        self._key, self._reception = self._node + name, reception
        self.problem = ""
        self.nodes = 1
        """How many there are, as PostgreSQL said last."""

    async def follow(self) -> Never:
        """Never ends, never raises for Redis' sake."""
        while True:
            if self._is_wanted():
                await self._exchange()
            else:
                self.problem = ""
            await asyncio.sleep(EVERY)

    async def aclose(self) -> None:
        await self._redis.aclose()

    def _is_wanted(self) -> bool:
        in_force = self._reception.in_force
        connectors = in_force.policy.snapshot.receive_connectors if in_force else ()
        return any(connector.limit_scope is LimitScope.AllNodes for connector in connectors)

    async def _exchange(self) -> None:
        load = self._reception.load
        try:
            await self._redis.set(self._key, msgspec.json.encode(load.told()), ex=FRESH)
            keys = [key async for key in self._redis.scan_iter(PREFIX + "*") if not key.decode().startswith(self._node)]
            found = await self._redis.mget(keys) if keys else []
            seconds, microseconds = await self._redis.time()
        except (RedisError, OSError) as error:
            self._fall_back(error)
            return
        load.is_ahead(clock.now() - seconds - microseconds / 1e6)
        total: Counter[str] = Counter()
        for counts in found:
            if isinstance(counts, bytes):
                total.update(_read(counts))
        load.elsewhere, load.parts = dict(total), 1
        if self.problem:
            log.info("Redis answers again: limits over all transports count on all of them")
        self.problem = ""

    def _fall_back(self, error: Exception) -> None:
        self._reception.load.elsewhere, self._reception.load.parts = {}, self.nodes
        problem = "Redis does not answer: limits over all transports count on each transport alone."
        if self.nodes > 1:
            problem = f"Redis does not answer: of limits over all nodes each of the {self.nodes} keeps to its part."
        if problem != self.problem:
            log.warning("%s (%s)", problem, error)
        self.problem = problem


def _read(counts: bytes) -> dict[str, int]:
    """What another transport has told; nothing when it is of a version that says it otherwise."""
    try:
        return msgspec.json.decode(counts, type=dict[str, int])
    except msgspec.MsgspecError:
        return {}
