"""What a change opens: the relay proof of a configuration, compared with that of the one before it.

What counts is who is answered by which connector, and what the accepted domains take, over the whole configuration:
taking away a narrow connector can hand its clients to a wider one that relays, and one wide accepted domain, or one
Send connector that overrides relay, makes a relay of every connector that takes mail from strangers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

import msgspec

from transport.config.accepted_domain import AcceptedDomain
from transport.config.endpoint import Binding, IPRange
from transport.config.intervals import Interval, merged, overlapping, within, without
from transport.receive.connector_match import on_every_address
from transport.receive.exposure import ANYBODY, as_written, everything_below, is_wide, sends_on
from transport.receive.relay_proof import Proof
from transport.receive.relayed_domains import RelayedDomain


class Opening(msgspec.Struct, frozen=True):
    """From which addresses strangers could send to whom; `domain` is the accepted or relayed domain that opens it, if
    one does. `server`: the stranger is the one that a Send connector asks for our mail.
    """

    ranges: tuple[IPRange, ...]
    whom: str
    domain: AcceptedDomain | None = None
    server: bool = False


def newly_open(before: Proof, after: Proof) -> dict[str, Opening]:
    """Connector or accepted domain → what strangers may do by it after a change, and could not before. A Send connector
    stands there for the server that it asks for our mail, which is answered wherever it comes from.
    """
    stood = {each.domain_name: each for each in before.wide}
    new = {
        each.domain_name: each
        for each in after.wide
        if each.domain_name not in stood or sends_on(each) > sends_on(stood[each.domain_name])
    }
    old = [each for each in after.wide if each.domain_name not in new and sends_on(each)]
    names = frozenset(each.domain_name for each in old)
    found = _by_connector(before, after, names, everything_below(*old)) if names else {}
    found |= _by_connector(before, after, frozenset(), ANYBODY)
    return dict(sorted(found.items())) | _by_server(before, after, new) | _by_domain(after, new)


def _by_connector(before: Proof, after: Proof, names: frozenset[str], whom: str) -> dict[str, Opening]:
    """What connectors open by a right of their own, else by letting strangers in to wide domains that stood before."""
    old, new = _Reach(before, names), _Reach(after, names)
    gained: defaultdict[str, list[Interval]] = defaultdict(list)
    for name, piece in (*new.beyond(old), *new.no_longer_kept(old)):
        gained[name].append(piece)
    ranges = {way.connector: way.ranges for way in after.ways if not way.asked_by}
    return {name: Opening(as_written(merged(pieces), ranges[name]), whom) for name, pieces in gained.items()}


def _by_server(before: Proof, after: Proof, new: Collection[str]) -> dict[str, Opening]:
    """`new`: the wide domains that have to be confirmed themselves."""
    stood = {way.server: way for way in before.ways if way.asked_by}
    found = {}
    for way in after.ways:
        old = stood.get(way.server)
        if way.asked_by and not (old and old.any_recipient):
            wide = {each.domain_name for each in way.wide if is_wide(each)}
            if way.any_recipient or wide - set(new) - (old.wide_names if old else set()):
                found[way.asked_by] = Opening((), way.whom, server=True)
    return found


def _by_domain(after: Proof, new: dict[str, AcceptedDomain]) -> dict[str, Opening]:
    opened: defaultdict[str, list[AcceptedDomain]] = defaultdict(list)
    for domain in new.values():
        opened[domain.name if isinstance(domain, RelayedDomain) else domain.domain_name].append(domain)
    found = {}
    for name, domains in opened.items():
        reached = {each.domain_name for each in domains}
        ranges = (remote for way in after.ways if not reached.isdisjoint(way.wide_names) for remote in way.ranges)
        found[name] = Opening(tuple(dict.fromkeys(ranges)), everything_below(*domains), domains[0])
    return found


class _Reach:
    """Where strangers reach anybody, or one of some wide domains: which clients, and whom they meet there."""

    def __init__(self, proof: Proof, names: frozenset[str]) -> None:
        self._kept = proof.kept
        self._met: defaultdict[Binding, dict[Interval, str]] = defaultdict(dict)
        for way in proof.ways:
            if way.any_recipient or not way.wide_names.isdisjoint(names):
                for place in way.places:
                    self._met[place.local].update(dict.fromkeys(place.spans, way.connector))
        self._speak(proof, names)
        self._held = {local: sorted(met) for local, met in self._met.items()}

    def _speak(self, proof: Proof, names: frozenset[str]) -> None:
        """Who may say that they are any client reaches all of them; it counts with the first."""
        known: set[Binding] = set()
        for way in proof.ways:
            if way.any_recipient or not way.wide_names.isdisjoint(names):
                for place in way.places:
                    if place.speakers and place.local not in known:
                        known.add(place.local)
                        met = self._met[place.local]
                        met.update(dict.fromkeys(list(without(place.speakers, sorted(met))), way.connector))

    def beyond(self, former: _Reach) -> Iterator[tuple[str, Interval]]:
        """(connector, clients) of those who reached none of them before, where a connector listens."""
        for local, met in self._met.items():
            for span, name in met.items():
                yield from ((name, piece) for piece in former._missed(local, [span]))

    def no_longer_kept(self, former: _Reach) -> Iterator[tuple[str, Interval]]:
        """(connector, clients) of those whom, at an address of its own, another one has kept from the connector that
        listens on every address.
        """
        for local, kept in former._kept.items():
            every = on_every_address(local)
            for freed in without(kept, self._kept.get(local, [])):
                for met in overlapping(freed, self._held.get(every, [])):
                    missed = former._missed(local, within([freed], [met]))
                    yield from ((self._met[every][met], piece) for piece in missed)

    def _missed(self, local: Binding, clients: Iterable[Interval]) -> Iterator[Interval]:
        """Those of clients who reach none of them at an address and port."""
        left = list(without(clients, self._held.get(local, [])))
        if local.is_any:
            return iter(left)
        everywhere = within(left, self._held.get(on_every_address(local), []))
        return without(left, merged(without(everywhere, self._kept.get(local, []))))
