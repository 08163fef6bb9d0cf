"""No open relay by accident: whose name must be typed before strangers may send to whom they like.

What counts is who is answered by which connector, and what the accepted domains take, over the whole configuration:
taking away a narrow connector can hand its clients to a wider one that relays, and one wide accepted domain, or one
Send connector that overrides relay, makes a relay of every connector that takes mail from strangers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from msgspec.structs import replace

from transport.config.accepted_domain import AcceptedDomain
from transport.config.endpoint import Binding, IPRange, is_private
from transport.config.intervals import Interval, is_internet, merged, overlapping, within, without
from transport.config.receive_connector import ReceiveConnector
from transport.config.snapshot import Snapshot
from transport.receive.connector_match import ConnectorIndex
from transport.receive.exposure import (
    ANYBODY,
    as_written,
    everything_below,
    exposed,
    exposures,
    is_wide,
    sends_on,
    wide_domains,
)
from transport.receive.relay_proof import asked
from transport.receive.relayed_domains import RelayedDomain, domains_taken


@dataclass(frozen=True)
class Opening:
    """From which addresses strangers could send to whom; `domain` is the accepted or relayed domain that opens it, if
    one does. `server`: the stranger is the one that a Send connector asks for our mail.
    """

    ranges: tuple[IPRange, ...]
    whom: str
    domain: AcceptedDomain | None = None
    server: bool = False


class RelayNotConfirmed(ValidationError):
    """Strangers could relay. `dangers` maps the names that must be typed to who could then reach whom.

    `few`: those of the names for which only a few known clients could.
    """

    def __init__(self, opened: dict[str, Opening]):
        self.dangers = dangers = {name: danger(opening) for name, opening in opened.items()}
        self.few = frozenset(name for name, opening in opened.items() if opening.domain is None and few(opening.ranges))
        super().__init__({"confirmation": [f"{danger} Type “{name}” to confirm." for name, danger in dangers.items()]})


def require_confirmation(before: Snapshot, after: Snapshot, confirmed: Collection[str]) -> dict[str, str]:
    """What was confirmed: the names of the connectors and domains that open a way to relay, each with its danger.

    Raises RelayNotConfirmed, with all that is to be confirmed, when strangers gain one and not every name is among
    `confirmed`.
    """
    opened = newly_open(before, after)
    if not opened.keys() <= set(confirmed):
        raise RelayNotConfirmed(opened)
    return {name: danger(opening) for name, opening in opened.items()}


def newly_open(before: Snapshot, after: Snapshot) -> dict[str, Opening]:
    """Connector or accepted domain → what strangers may do by it after a change, and could not before. A Send connector
    stands there for the server that it asks for our mail, which is answered wherever it comes from.
    """
    stood = {each.domain_name: each for each in wide_domains(domains_taken(before))}
    wide = wide_domains(domains_taken(after))
    new = [each for each in wide if each.domain_name not in stood or sends_on(each) > sends_on(stood[each.domain_name])]
    old = [each for each in wide if each not in new and sends_on(each)]
    names = {each.domain_name for each in old}
    found = _Comparison(before, after).openings(names, everything_below(*old))
    by_domain = _by_domain(after, new) if new else {}
    return dict(sorted(found.items())) | _by_server(before, after, {each.domain_name for each in new}) | by_domain


def _by_domain(after: Snapshot, new: list[AcceptedDomain]) -> dict[str, Opening]:
    open_ones, opened = exposures(after), defaultdict(list)
    for domain in new:
        opened[domain.name if isinstance(domain, RelayedDomain) else domain.domain_name].append(domain)
    found = {}
    for name, domains in opened.items():
        ranges = (remote for each in open_ones if not set(domains).isdisjoint(each.wide) for remote in each.ranges)
        found[name] = Opening(tuple(dict.fromkeys(ranges)), everything_below(*domains), domains[0])
    return found


def _by_server(before: Snapshot, after: Snapshot, new: Collection[str]) -> dict[str, Opening]:
    """`new`: the wide domains that have to be confirmed themselves."""
    stood = {way.asked_by: way for way in asked(before)}
    found = {}
    for way in asked(after):
        old = stood.get(way.asked_by)
        wide = {each.domain_name for each in way.wide if is_wide(each)} - set(new)
        gains = way.any_recipient or wide - (old.wide_names if old else set())
        if gains and not (old and old.any_recipient):
            found[way.asked_by] = Opening((), way.whom, server=True)
    return found


Answers = list[tuple[Interval, str]]
"""(addresses, connector that answers them)."""


class _Comparison:
    """Two configurations, looked at only for the clients who may be answered otherwise, and where they may be."""

    def __init__(self, before: Snapshot, after: Snapshot):
        self._enabled = [{each.name: each for each in of.receive_connectors if each.enabled} for of in (before, after)]
        self._exposed = exposed(before), exposed(after)

    def openings(self, names: Collection[str], whom: str) -> dict[str, Opening]:
        """Connector → what it opens to strangers: by a right of its own, else by letting them in to wide domains that
        stood before. `names` are theirs, `whom` they reach by them.
        """
        found: dict[str, Opening] = {}
        ways = [(self._relaying(names), whom)] if names else []
        ways.append((self._relaying(()), ANYBODY))
        self._look_at([relaying for relaying, _ in ways])
        answers = [self._answers(local) for local in self._places()]
        for (before, after), reached in ways:
            for name, pieces in _newly_answered(answers, before, after).items():
                ranges = as_written(merged(pieces), self._enabled[1][name].remote_ip_ranges)
                found[name] = Opening(ranges, reached)
        return found

    def _relaying(self, names: Collection[str]) -> tuple[set[str], set[str]]:
        """The connectors by which strangers reach anybody, or one of these domains: before, and after."""
        before, after = (
            {name for name, each in of.items() if each.any_recipient or not each.wide_names.isdisjoint(names)}
            for of in self._exposed
        )
        return before, after

    def _look_at(self, relaying: list[tuple[set[str], set[str]]]) -> None:
        """Notes which connectors may answer otherwise, and the addresses that they hold."""
        old, new = self._enabled
        moved = {name for name in old.keys() | new.keys() if _place(old.get(name)) != _place(new.get(name))}
        changed = moved.union(*(before ^ after for before, after in relaying))
        self._changed = [of[name] for of in self._enabled for name in changed & of.keys()]
        self._region = merged(remote.bounds for each in self._changed for remote in each.remote_ip_ranges)
        index = ConnectorIndex(_about(new, self._region))
        self._indexes = ConnectorIndex(_about(old, self._region)) if moved else index, index

    def _places(self) -> list[Binding]:
        """Addresses and ports that a changed connector listens on, itself or by listening on every address."""
        touched = {binding for each in self._changed for binding in each.bindings}
        every = {binding for of in self._enabled for each in of.values() for binding in each.bindings}
        return [local for local in sorted(every) if local in touched or _on_every_address(local) in touched]

    def _clients(self, local: Binding) -> list[Interval]:
        """Whom to look at: on an address of its own only those for whom it differs from every other address."""
        if local.is_any:
            return self._region
        own = (each for index in self._indexes for each in index.bound(local))
        return list(within(merged(remote.bounds for each in own for remote in each.remote_ip_ranges), self._region))

    def _answers(self, local: Binding) -> tuple[Answers, Answers]:
        """Who answers whom before, and after; the same where only rights differ."""
        clients, (old, new) = self._clients(local), self._indexes
        now = [(span, each.name) for span, each in new.answered(local, clients)]
        return now if old is new else [(span, each.name) for span, each in old.answered(local, clients)], now


def _newly_answered(
    answers: list[tuple[Answers, Answers]], before: Collection[str], after: Collection[str]
) -> dict[str, list[Interval]]:
    """Connector of `after` → the addresses that it answers now and none of `before` answered then."""
    found: dict[str, list[Interval]] = {}
    for old, new in answers:
        known = merged(span for span, name in old if name in before)
        for span, name in new:
            pieces = list(without([span], known)) if name in after else []
            if pieces:
                found.setdefault(name, []).extend(pieces)
    return found


def _place(connector: ReceiveConnector | None) -> tuple[tuple[Binding, ...], tuple[IPRange, ...]] | None:
    return (connector.bindings, connector.remote_ip_ranges) if connector else None


def _on_every_address(local: Binding) -> Binding:
    return Binding("::" if ":" in local.ip else "0.0.0.0", local.port)


def _about(connectors: dict[str, ReceiveConnector], region: list[Interval]) -> Snapshot:
    """The connectors with those of their ranges that hold addresses of a region."""
    kept = []
    for each in connectors.values():
        ranges = tuple(remote for remote in each.remote_ip_ranges if any(overlapping(remote.bounds, region)))
        if ranges:
            kept.append(replace(each, remote_ip_ranges=ranges))
    return Snapshot(receive_connectors=tuple(kept))


def few(ranges: Collection[IPRange]) -> bool:
    """Whether these are private networks and single addresses: clients that somebody meant."""
    return all(is_private(each) or each.bounds[1] == each.bounds[2] for each in ranges)


def danger(opening: Opening) -> str:
    """Who could reach whom, as one sentence or two."""
    if opening.domain is not None and not sends_on(opening.domain):
        return f"Mail for {opening.whom} would be taken and kept here; your own users would reach nobody there."
    if opening.server:
        return f"The server that it asks for mail could send mail to {opening.whom} through this server."
    if not opening.ranges:
        return f"Whoever may send here could send mail to {opening.whom} through this server: a relay."
    if is_internet(opening.ranges):
        return f"Everyone on the Internet could send mail to {opening.whom} through this server: an open relay."
    some = ", ".join(map(str, opening.ranges[:4]))
    shown = f"{some} and {len(opening.ranges) - 4} more ranges" if len(opening.ranges) > 4 else some
    public = "" if all(map(is_private, opening.ranges)) else " Some of these addresses are public."
    whom = f"{ANYBODY} in the world" if opening.whom == ANYBODY else opening.whom
    return f"Anyone at {shown} could send mail to {whom}, without signing in.{public}"
