"""The IP Allow list and the IP Block list, prepared for look-up (Exchange reference, section 6.4)."""

from __future__ import annotations

from collections.abc import Iterable

from transport.config.connection_filter import IPList, IPListEntry
from transport.config.endpoint import client_key
from transport.receive.range_map import RangeMap

FOR_EVER = float("-inf")


class IPLists:
    """Where several entries hold an address, the one that expires last stands for all of them."""

    def __init__(self, entries: Iterable[IPListEntry]) -> None:
        spans: dict[tuple[IPList, int], list[tuple[int, int, float, IPListEntry]]] = {}
        for entry in entries:
            version, low, high = entry.bounds
            rank = FOR_EVER if entry.expiration_time is None else -entry.expiration_time
            spans.setdefault((entry.ip_list, version), []).append((low, high, rank, entry))
        self._maps = {key: RangeMap(found) for key, found in spans.items()}

    def __bool__(self) -> bool:
        return bool(self._maps)

    def find(self, ip_list: IPList, address: str, now: float) -> IPListEntry | None:
        """The entry of a list that holds the address and has not expired; `now` in Unix seconds."""
        version, number = client_key(address)
        ranges = self._maps.get((ip_list, version))
        entry = ranges.find(number) if ranges is not None else None
        return entry if entry is not None and entry.applies(now) else None
