"""Which connector answers a connection: binding first, then the narrowest remote range (Exchange reference, 3.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from transport.config.endpoint import IPRange, client_key
from transport.config.receive_connector import ReceiveConnector
from transport.config.snapshot import Snapshot
from transport.receive.range_map import RangeMap


class Match(NamedTuple):
    """The connector that answers, and which of its remote ranges holds the client."""

    connector: ReceiveConnector
    remote: IPRange


Span = tuple[int, int, tuple[int, int], Match]


class ConnectorIndex:
    """The enabled Receive connectors of a snapshot, prepared for look-up by local endpoint and client address."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._bound: dict[tuple[str, int], list[ReceiveConnector]] = {}
        for connector in snapshot.receive_connectors:
            for binding in connector.bindings if connector.enabled else ():
                self._bound.setdefault((binding.ip, binding.port), []).append(connector)
        self._maps: dict[tuple[str, int, int], RangeMap[Match]] = {}

    def find(self, local_ip: str, local_port: int, remote_ip: str) -> Match | None:
        """Who answers, or None. A binding to the very address and one to all both count."""
        version, address = client_key(remote_ip)
        every = "0.0.0.0" if client_key(local_ip)[0] == 4 else "::"
        specific = local_ip if (local_ip, local_port) in self._bound else every
        key = (specific, local_port, version)
        ranges = self._maps.get(key)
        if ranges is None:
            ranges = self._maps[key] = RangeMap(self._spans(specific, every, local_port, version))
        return ranges.find(address)

    def _spans(self, specific: str, every: str, port: int, version: int) -> Iterable[Span]:
        for rank, ip in enumerate(dict.fromkeys((specific, every))):
            for connector in self._bound.get((ip, port), ()):
                for remote in connector.remote_ip_ranges:
                    of_version, low, high = remote.bounds
                    if of_version == version:
                        yield low, high, (high - low, rank), Match(connector, remote)
