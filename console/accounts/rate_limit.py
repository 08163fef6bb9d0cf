"""How often somebody may try to sign in: per source address, and per user name. And look at the public page.

Counts live in Redis, so that several console processes share them; while Redis is away each process counts for itself.
A count lasts WINDOW seconds from its first attempt and then starts anew, whatever happened: nobody is locked out for
good. A browser that once signed in as a user counts apart from strangers, both those who try that user's name and those
behind the same address, so that strangers cannot keep its owner out
(https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies).
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import math
import threading
import time
from collections.abc import Callable

import redis
from django.conf import settings

from transport import redis_address
from transport.config import bounds
from transport.config.endpoint import source_of

WINDOW = 300
ATTEMPTS_PER_SOURCE = 20
ATTEMPTS_PER_NAME = 5
LOOKS_PER_SOURCE = bounds.REFERENCE_LOOKS.lines or 0
MOST_KEPT = 10_000

log = logging.getLogger(__name__)
AWAY = "Redis is away: sign-in attempts are counted in this process alone"


class RedisCounts:
    """Counts that end WINDOW seconds after their first attempt."""

    def __init__(self, url: str):
        self.client = redis_address.client(url, socket_timeout=1, socket_connect_timeout=1)

    def add(self, key: str) -> tuple[int, float]:
        """One attempt more: how many it makes, and in how many seconds the count ends."""
        steps = self.client.pipeline()
        steps.incr(key)
        steps.expire(key, WINDOW, nx=True)
        steps.pttl(key)
        count, _, left = steps.execute()
        return count, max(left, 0) / 1000

    def take_back(self, key: str) -> None:
        """One attempt less."""
        if self.client.exists(key):
            self.client.decr(key)

    def forget(self, key: str) -> None:
        self.client.delete(key)


class ProcessCounts:
    """The same in this process's memory."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now, self.lock = now, threading.Lock()
        self.counts: dict[str, tuple[int, float]] = {}

    def add(self, key: str) -> tuple[int, float]:
        with self.lock:
            count, end = self.counts.get(key, (0, 0.0))
            if end <= self.now():
                self._drop_ended()
                count, end = 0, self.now() + WINDOW
            self.counts[key] = (count + 1, end)
            return count + 1, end - self.now()

    def take_back(self, key: str) -> None:
        with self.lock:
            if key in self.counts:
                count, end = self.counts[key]
                self.counts[key] = (count - 1, end)

    def forget(self, key: str) -> None:
        with self.lock:
            self.counts.pop(key, None)

    def _drop_ended(self) -> None:
        if len(self.counts) >= MOST_KEPT:
            self.counts = {key: kept for key, kept in self.counts.items() if kept[1] > self.now()}


_own_counts = ProcessCounts()


def wait_before_trying(source: str, name: str, device: str = "") -> int:
    """Counts an attempt. 0 if it may go on, else the seconds to wait. `device` is a known browser's mark, or empty."""
    by_source = 0 if device else _count(_source_key(source), ATTEMPTS_PER_SOURCE)
    return max(by_source, _count(_name_key(name, device), ATTEMPTS_PER_NAME))


def signed_in(source: str, name: str, device: str = "") -> None:
    """That attempt was good: it does not count for the source, and the name's count starts anew."""
    for counts in _stores():
        try:
            if not device:
                counts.take_back(_source_key(source))
            counts.forget(_name_key(name, device))
        except redis.RedisError:
            log.warning(AWAY)


def wait_before_looking(source: str) -> int:
    """Counts a look at the public page about refusals. 0 if it may go on, else the seconds to wait."""
    return _count(_source_key(source, "refused"), LOOKS_PER_SOURCE)


def _source_key(source: str, what: str = "sign-in") -> str:
    with contextlib.suppress(ValueError):  # behind a Unix socket there is no address
        source = source_of(source)
    return f"gatepost:{what}:source:{source}"


def _name_key(name: str, device: str) -> str:
    mark = hashlib.sha256(f"{name.strip().casefold()}\0{device}".encode()).hexdigest()[:32]
    return f"gatepost:sign-in:name:{mark}"


def _count(key: str, most: int) -> int:
    count, left = _add(key)
    return max(math.ceil(left), 1) if count > most else 0


def _add(key: str) -> tuple[int, float]:
    *shared, own = _stores()
    for counts in shared:
        try:
            return counts.add(key)
        except redis.RedisError:
            log.warning(AWAY)
    return own.add(key)


_shared: dict[str, RedisCounts] = {}


def _stores() -> list[RedisCounts | ProcessCounts]:
    url = settings.REDIS_URL
    if url not in _shared:
        _shared[url] = RedisCounts(url)
    return [_shared[url], _own_counts]
