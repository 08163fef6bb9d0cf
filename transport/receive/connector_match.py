"""Which connector answers a connection: binding first, then the narrowest remote range (Exchange reference, 3.1)."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from msgspec.structs import replace

from transport.config.endpoint import Binding, IPRange, client_key, everyone
from transport.config.intervals import Interval, merged
from transport.config.receive_connector import ReceiveConnector
from transport.config.snapshot import Snapshot
from transport.receive.range_map import RangeMap


class Match(NamedTuple):
    """The connector that answers, and which of its remote ranges holds the client."""

    connector: ReceiveConnector
    remote: IPRange


Span = tuple[int, int, tuple[int, int], Match]


class ConnectorIndex:
    """The enabled Receive connectors of a snapshot, prepared for look-up by local endpoint and client address.

    `speaking`: the bindings to which somebody may connect who speaks for clients.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._bound: dict[tuple[str, int], list[ReceiveConnector]] = {}
        for connector in snapshot.receive_connectors:
            for binding in connector.bindings if connector.enabled else ():
                self._bound.setdefault((binding.ip, binding.port), []).append(connector)
        self._maps: dict[tuple[str, int, int], RangeMap[Match]] = {}
        self._speakers: dict[Binding, list[Interval]] = {}
        self.speaking = frozenset(
            Binding(*place) for place, bound in self._bound.items() if any(map(_lets_speak, bound))
        )

    def find(self, local_ip: str, local_port: int, remote_ip: str) -> Match | None:
        """Who answers, or None. A binding to the very address and one to all both count."""
        version, address = client_key(remote_ip)
        every = "0.0.0.0" if client_key(local_ip)[0] == 4 else "::"
        specific = local_ip if (local_ip, local_port) in self._bound else every
        return self._map(specific, every, local_port, version).find(address)

    def bound(self, local: Binding) -> list[ReceiveConnector]:
        """The connectors that name an address and port themselves."""
        return self._bound.get((local.ip, local.port), [])

    def answered(self, local: Binding, clients: list[Interval]) -> Iterator[tuple[Interval, ReceiveConnector]]:
        """(addresses, connector) of those of the clients that are answered when they connect to an address and port.

        `0.0.0.0` and `::` stand here for an address that no connector names. Clients of the other family come to none,
        unless somebody speaks for them.
        """
        own = 6 if ":" in local.ip else 4
        for version in (4, 6) if self.speakers(local) else (own,):
            yield from self._answered(local, clients, version)

    def _answered(
        self, local: Binding, clients: list[Interval], version: int
    ) -> Iterator[tuple[Interval, ReceiveConnector]]:
        here = [(low, high) for of_version, low, high in clients if of_version == version]
        ranges = self._map_for(local, version, here)
        for low, high in here:
            for first, last, match in ranges.stretches(low, high):
                yield (version, first, last), match.connector

    def speakers(self, local: Binding) -> list[Interval]:
        """Those who may say, when they connect to an address and port, that they are any client."""
        every = on_every_address(local)
        if self.speaking.isdisjoint((local, every)):
            return []
        found = self._speakers.get(local)
        if found is None:
            naming = (*self.bound(local), *self.bound(every))
            spans = [remote.bounds for connector in naming for remote in connector.proxy_protocol_from]
            for connector in naming:
                asked = merged(remote.bounds for remote in connector.xclient_from)
                answered = self._answered(local, asked, 6 if ":" in local.ip else 4)
                spans += (span for span, owner in answered if owner is connector)
            found = self._speakers[local] = merged(spans)
        return found

    def _map_for(self, local: Binding, version: int, clients: list[tuple[int, int]]) -> RangeMap[Match]:
        """Who answers the clients at the address: its own connectors beside what is right for every address."""
        every = "::" if ":" in local.ip else "0.0.0.0"
        general = self._map(every, every, local.port, version)
        if local.ip == every or not self.bound(local):
            return general
        spans = list(self._spans(local.ip, local.port, version, 0))
        for low, high in clients:
            for first, last, match in general.stretches(low, high):
                _, lowest, highest = match.remote.bounds
                spans.append((first, last, (highest - lowest, 1), match))
        return RangeMap(spans)

    def _map(self, specific: str, every: str, port: int, version: int) -> RangeMap[Match]:
        key = (specific, port, version)
        ranges = self._maps.get(key)
        if ranges is None:
            both = enumerate(dict.fromkeys((specific, every)))
            spans = (span for rank, ip in both for span in self._spans(ip, port, version, rank))
            ranges = self._maps[key] = RangeMap(spans)
        return ranges

    def _spans(self, ip: str, port: int, version: int, rank: int) -> Iterator[Span]:
        for connector in self._bound.get((ip, port), ()):
            for remote in connector.remote_ip_ranges:
                of_version, low, high = remote.bounds
                if of_version == version:
                    yield low, high, (high - low, rank), Match(connector, remote)


def on_every_address(local: Binding) -> Binding:
    """The same port of every address of the family."""
    return Binding("::" if ":" in local.ip else "0.0.0.0", local.port)


def _lets_speak(connector: ReceiveConnector) -> bool:
    return bool(connector.proxy_protocol_from or connector.xclient_from)


def front_ends(snapshot: Snapshot) -> ConnectorIndex | None:
    """Where load balancers may speak for clients: the connectors that name some, each as if it answered just these.
    None when there are none.
    """
    naming = (each for each in snapshot.receive_connectors if each.enabled and each.proxy_protocol_from)
    answering = tuple(replace(each, remote_ip_ranges=each.proxy_protocol_from) for each in naming)
    return ConnectorIndex(Snapshot(receive_connectors=answering)) if answering else None


class Why(Enum):
    """Why a connector does not answer a client."""

    DISABLED = "disabled"
    BINDING = "binding"
    RANGE = "range"
    WIDER = "wider range"
    EVERY_ADDRESS = "binding to every address"


class Passed(NamedTuple):
    """A connector that does not answer; `remote` is its range that holds the client, where one does."""

    connector: ReceiveConnector
    why: Why
    remote: IPRange | None = None


def passed_over(snapshot: Snapshot, local: tuple[str, int], client: str, chosen: Match | None) -> list[Passed]:
    """Every connector but the chosen one, and what it lacks: each is asked as if it were the only one."""
    others = (each for each in snapshot.receive_connectors if chosen is None or each.name != chosen.connector.name)
    return [_passed(each, local, client, chosen) for each in others]


def _passed(connector: ReceiveConnector, local: tuple[str, int], client: str, chosen: Match | None) -> Passed:
    if not connector.enabled:
        return Passed(connector, Why.DISABLED)
    match = _alone(connector, local, client)
    if match is not None and chosen is not None:
        as_narrow = _width(match.remote) == _width(chosen.remote)
        return Passed(connector, Why.EVERY_ADDRESS if as_narrow else Why.WIDER, match.remote)
    bound = _alone(replace(connector, remote_ip_ranges=everyone()), local, client) is not None
    return Passed(connector, Why.RANGE if bound else Why.BINDING)


def _alone(connector: ReceiveConnector, local: tuple[str, int], client: str) -> Match | None:
    return ConnectorIndex(Snapshot(receive_connectors=(connector,))).find(*local, client)


def _width(remote: IPRange) -> int:
    _version, low, high = remote.bounds
    return high - low
