"""Sets of addresses as disjoint intervals: what several ranges hold together, and what they leave out."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address

from transport.config.endpoint import IPRange, everyone, parse_range

Interval = tuple[int, int, int]
"""(IP version, lowest address, highest address), as in `IPRange.bounds`."""

_INTERNET = (parse_range("0.0.0.0/0").bounds, parse_range("2000::/3").bounds)
"""Where public addresses lie; of IPv6 only the block that is given out (RFC 4291 §2.4)."""
_MAPPED = parse_range("::ffff:0:0/96").bounds


def merged(spans: Iterable[Interval]) -> list[Interval]:
    """The same addresses as disjoint, ascending intervals that do not touch."""
    found: list[Interval] = []
    for version, low, high in sorted(spans):
        if found and found[-1][0] == version and found[-1][2] + 1 >= low:
            found[-1] = (version, found[-1][1], max(high, found[-1][2]))
        else:
            found.append((version, low, high))
    return found


def without(spans: Iterable[Interval], known: list[Interval]) -> Iterator[Interval]:
    """The pieces of intervals outside of others, which are disjoint and ascending."""
    for version, low, high in spans:
        for _, first, last in overlapping((version, low, high), known):
            if first > low:
                yield version, low, first - 1
            low = last + 1
        if low <= high:
            yield version, low, high


def within(spans: Iterable[Interval], known: list[Interval]) -> Iterator[Interval]:
    """The pieces of intervals inside of others, which are disjoint and ascending."""
    for span in spans:
        for _, first, last in overlapping(span, known):
            yield span[0], max(span[1], first), min(span[2], last)


def overlapping(span: Interval, known: list[Interval]) -> Iterator[Interval]:
    """Those of disjoint, ascending intervals that share an address with one."""
    version, low, high = span
    place = bisect_left(known, (version, low, 0))
    if place and known[place - 1][0] == version and known[place - 1][2] >= low:
        place -= 1
    while place < len(known) and known[place][:2] <= (version, high):
        yield known[place]
        place += 1


def ranges_of(span: Interval) -> Iterator[IPRange]:
    """An interval as an administrator writes it: one address, or the lowest and the highest.

    An end among the IPv4-mapped addresses would read as IPv4; no client has one of these, so they are left out there.
    """
    version, low, high = span
    if version == 6:
        low = _MAPPED[2] + 1 if _MAPPED[1] <= low <= _MAPPED[2] else low
        high = _MAPPED[1] - 1 if _MAPPED[1] <= high <= _MAPPED[2] else high
    make = IPv4Address if version == 4 else IPv6Address
    if low <= high:
        yield parse_range(str(make(low)) if low == high else f"{make(low)}-{make(high)}")


def complement(ranges: Iterable[IPRange]) -> tuple[IPRange, ...]:
    """Every address, of IPv4 and of IPv6, that none of the ranges holds."""
    held = merged(remote.bounds for remote in ranges)
    pieces = without([whole.bounds for whole in everyone()], held)
    return tuple(remote for piece in pieces for remote in ranges_of(piece))


def is_internet(ranges: Iterable[IPRange]) -> bool:
    """True when the ranges hold more than half of the Internet's IPv4 or IPv6 addresses: everybody but a few."""
    held = merged(remote.bounds for remote in ranges)
    return any(2 * sum(_size(left) for left in without([family], held)) < _size(family) for family in _INTERNET)


def _size(span: Interval) -> int:
    return span[2] - span[1] + 1
