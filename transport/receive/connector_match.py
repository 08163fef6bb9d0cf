"""Which connector answers a connection: binding first, then the narrowest remote range (Exchange reference, 3.1)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from heapq import heappop, heappush

from transport.config.endpoint import client_key
from transport.config.receive_connector import ReceiveConnector
from transport.config.snapshot import Snapshot

Span = tuple[int, int, int, ReceiveConnector]


class _RangeMap:
    """Disjoint stretches of one address family, each with its connector: look-up is one bisection."""

    __slots__ = ("owners", "starts")

    def __init__(self, spans: Iterable[Span]) -> None:
        """`spans`: (low, high, rank, connector); the narrowest wins, then the lowest rank."""
        self.starts: list[int] = []
        self.owners: list[ReceiveConnector | None] = []
        waiting = sorted(spans, key=lambda span: span[0])
        edges = sorted({edge for low, high, _, _ in waiting for edge in (low, high + 1)})
        active: list[tuple[int, int, int, ReceiveConnector]] = []
        taken = 0
        for edge in edges:
            while taken < len(waiting) and waiting[taken][0] <= edge:
                low, high, rank, connector = waiting[taken]
                heappush(active, (high - low, rank, taken, connector))
                taken += 1
            while active and waiting[active[0][2]][1] < edge:
                heappop(active)
            self.starts.append(edge)
            self.owners.append(active[0][3] if active else None)

    def find(self, address: int) -> ReceiveConnector | None:
        """The connector whose narrowest range holds the address."""
        place = bisect_right(self.starts, address) - 1
        return self.owners[place] if place >= 0 else None


class ConnectorIndex:
    """The enabled Receive connectors of a snapshot, prepared for look-up by local endpoint and client address."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._bound: dict[tuple[str, int], list[ReceiveConnector]] = {}
        for connector in snapshot.receive_connectors:
            for binding in connector.bindings if connector.enabled else ():
                self._bound.setdefault((binding.ip, binding.port), []).append(connector)
        self._maps: dict[tuple[str, int, int], _RangeMap] = {}

    def find(self, local_ip: str, local_port: int, remote_ip: str) -> ReceiveConnector | None:
        """The connector that answers, or None. A binding to the very address and one to all both count."""
        version, address = client_key(remote_ip)
        every = "0.0.0.0" if client_key(local_ip)[0] == 4 else "::"
        specific = local_ip if (local_ip, local_port) in self._bound else every
        key = (specific, local_port, version)
        ranges = self._maps.get(key)
        if ranges is None:
            ranges = self._maps[key] = _RangeMap(self._spans(specific, every, local_port, version))
        return ranges.find(address)

    def _spans(self, specific: str, every: str, port: int, version: int) -> Iterable[Span]:
        for rank, ip in enumerate(dict.fromkeys((specific, every))):
            for connector in self._bound.get((ip, port), ()):
                for remote in connector.remote_ip_ranges:
                    of_version, low, high = remote.bounds
                    if of_version == version:
                        yield low, high, rank, connector
