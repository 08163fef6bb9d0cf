"""No open relay by accident: whose name must be typed before strangers may send to any address through a connector.

A stranger is a client that has proved nothing: anonymous, or externally secured, where the address alone is believed.
What counts is who is answered by which connector, over the whole configuration: taking away a narrow connector can hand
its clients to a wider one that relays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from django.core.exceptions import ValidationError

from transport.config.endpoint import Binding, IPRange, is_private
from transport.config.intervals import Interval, is_internet, merged, ranges_of, without
from transport.config.snapshot import Snapshot
from transport.receive.exposure import exposures
from transport.receive.range_map import RangeMap


class RelayNotConfirmed(ValidationError):
    """Strangers could relay. `dangers` maps the names that must be typed to who could then reach whom.

    `few`: those of the names for which only a few known clients could.
    """

    def __init__(self, opened: dict[str, list[IPRange]]):
        self.dangers = dangers = {name: danger(ranges) for name, ranges in opened.items()}
        self.few = frozenset(name for name, ranges in opened.items() if few(ranges))
        super().__init__({"confirmation": [f"{danger} Type “{name}” to confirm." for name, danger in dangers.items()]})


def require_confirmation(before: Snapshot, after: Snapshot, confirmed: Collection[str]) -> None:
    """Raises RelayNotConfirmed when strangers gain a way to relay through connectors that nobody confirmed."""
    missing = {name: ranges for name, ranges in newly_open(before, after).items() if name not in confirmed}
    if missing:
        raise RelayNotConfirmed(missing)


def newly_open(before: Snapshot, after: Snapshot) -> dict[str, list[IPRange]]:
    """Connector name → addresses from which strangers may relay through it after a change, and could not before."""
    names = {exposed.connector for exposed in exposures(after)}
    open_ones = [one for one in after.receive_connectors if one.name in names]
    written = {remote.bounds: remote for one in open_ones for remote in one.remote_ip_ranges}
    found: dict[str, list[IPRange]] = {}
    for binding in sorted({each for one in open_ones for each in one.bindings}):
        known = merged(span for span, _ in _open_at(before, binding))
        for span, name in _open_at(after, binding):
            for piece in without(span, known):
                found.setdefault(name, []).extend([written[piece]] if piece in written else ranges_of(piece))
    return {name: list(dict.fromkeys(ranges)) for name, ranges in sorted(found.items()) if ranges}


def few(ranges: Collection[IPRange]) -> bool:
    """Whether these are private networks and single addresses: clients that somebody meant."""
    return all(is_private(each) or each.bounds[1] == each.bounds[2] for each in ranges)


def danger(ranges: list[IPRange]) -> str:
    """Who could reach whom, as one sentence or two."""
    shown = ", ".join(str(each) for each in ranges[:4]) + (
        f" and {len(ranges) - 4} more ranges" if len(ranges) > 4 else ""
    )
    if is_internet(ranges):
        return "Everyone on the Internet could send mail to any address through this server: an open relay."
    public = "" if all(is_private(each) for each in ranges) else " Some of these addresses are public."
    return f"Anyone at {shown} could send mail to any address in the world, without signing in.{public}"


def _open_at(snapshot: Snapshot, local: Binding) -> list[tuple[Interval, str]]:
    """(addresses, connector) for all strangers who may relay when they connect to this address and port."""
    names = {exposed.connector for exposed in exposures(snapshot)}
    rivals = [
        (binding != local, one)
        for one in snapshot.receive_connectors
        for binding in one.bindings
        if one.enabled and _serves(binding, local)
    ]
    if not any(one.name in names for _, one in rivals):
        return []
    claims = [(*remote.bounds, rank, one.name) for rank, one in rivals for remote in one.remote_ip_ranges]
    return [(span, name) for span, name in _answered(claims) if name in names]


def _serves(binding: Binding, local: Binding) -> bool:
    same_family = (":" in binding.ip) == (":" in local.ip)
    return binding == local or (binding.is_any and same_family and binding.port == local.port)


def _answered(claims: list[tuple[int, int, int, bool, str]]) -> Iterator[tuple[Interval, str]]:
    """(addresses, connector) as the transport answers them: narrowest range first, then the binding to the address."""
    for version in {claim[0] for claim in claims}:
        spans = [(low, high, (high - low, rank), name) for own, low, high, rank, name in claims if own == version]
        for low, high, name in RangeMap(spans).stretches():
            yield (version, low, high), name
