"""What this process remembers of hosts for a while, so as not to learn it anew with each connection."""

from time import monotonic
from typing import Generic, TypeVar

from transport.send.attempt import Pace
from transport.send.hosts import Host

KEPT = 3600.0
"""Seconds."""
MOST = 10_000

What = TypeVar("What")


class Remembered(Generic[What]):
    """One thing about each host; `usual` holds for all others."""

    def __init__(self, usual: What) -> None:
        self._usual = usual
        self._kept: dict[tuple[str, int], tuple[float, What]] = {}

    def recall(self, host: Host, port: int) -> What:
        until, what = self._kept.get((host.address, host.port or port), (0.0, self._usual))
        return what if monotonic() < until else self._usual

    def remember(self, host: Host, port: int, what: What) -> None:
        if len(self._kept) >= MOST:
            self.forget()
        self._kept[host.address, host.port or port] = monotonic() + KEPT, what

    def forget(self) -> None:
        self._kept.clear()


PACES = Remembered(Pace.AHEAD)
UNTRUSTED = Remembered("")
"""Why a host's certificate cannot be verified."""
BROKEN = Remembered("")
"""Why TLS does not work with a host that offers it."""
