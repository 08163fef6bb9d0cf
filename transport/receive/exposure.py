"""Who may reach whom without proving anything, over the whole configuration: sentence, badge, warnings, overview, guard
and the relay proof (`relay_proof`) all ask here.

A stranger is a client that has proved nothing: anonymous, or externally secured, where the address alone is believed.
Strangers relay where they may submit and either hold *Accept any recipient*, or a wide accepted domain takes mail for
domains that others own and sends it on, or a Send connector overrides relay for such domains: here the same. What
filters refuse is not counted: their lists come and go.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable

import msgspec

from transport.config.accepted_domain import AcceptedDomain, DeliverTo, DomainType
from transport.config.domains import AcceptedDomains, parent
from transport.config.endpoint import Binding, IPRange, is_private
from transport.config.intervals import Interval, merged, overlapping, ranges_of, without
from transport.config.permissions import Right, rights
from transport.config.public_suffixes import holds_foreign_domains
from transport.config.receive_connector import ReceiveConnector
from transport.config.snapshot import Snapshot
from transport.receive.admission import principal
from transport.receive.connector_match import ConnectorIndex, on_every_address
from transport.receive.rcpt import reserved
from transport.receive.relayed_domains import RelayedDomain, domains_taken

FIRST = 100
"""Ranges of a connector that are tried before all of thousands."""


def is_wide(domain: AcceptedDomain) -> bool:
    """Whether an accepted domain stands for domains that belong to others: `*`, `*.com`, com with MatchSubDomains."""
    below = domain.match_subdomains or domain.domain_name.startswith("*")
    return below and holds_foreign_domains(parent(domain))


def sends_on(domain: AcceptedDomain) -> bool:
    """Whether mail for some of the domain's addresses leaves again: an authoritative one may name a host, or keep it
    until it is asked for; an LMTP server is where mail ends.
    """
    if domain.deliver_to is DeliverTo.Usual:
        return domain.domain_type is not DomainType.Authoritative
    return domain.deliver_to is not DeliverTo.Lmtp


def wide_domains(domains: Iterable[AcceptedDomain]) -> tuple[AcceptedDomain, ...]:
    """The wide ones of the accepted domains, without those whose subdomains another one stands for."""
    return tuple(domain for domain in AcceptedDomains(domains).below.values() if is_wide(domain))


def domains_of_others(taken: Collection[AcceptedDomain]) -> tuple[AcceptedDomain, ...]:
    """Of accepted and relayed domains the wide ones, and what Send connectors override relay for by name."""
    below = AcceptedDomains(taken).below
    named = (
        each if below.get(parent(each)) is each else msgspec.structs.replace(each, match_subdomains=False)
        for each in taken
        if isinstance(each, RelayedDomain) and not (is_wide(each) and below.get(parent(each)) is each)
    )
    return (*wide_domains(taken), *named)


ANYBODY = "any address"
_MOST_NAMED = 4


def everything_below(*domains: AcceptedDomain) -> str:
    """What domains of others stand for, in words: `every .com domain, fabrikam.com and every .org domain`."""
    words = [_in_words(each) for each in domains]
    if len(words) > _MOST_NAMED:
        words[_MOST_NAMED - 1 :] = [f"{len(words) - _MOST_NAMED + 1} more"]
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _in_words(domain: AcceptedDomain) -> str:
    name = parent(domain)
    if is_wide(domain):
        return f"every .{name} domain" if name else "every domain"
    return f"{name} with its subdomains" if domain.match_subdomains else name


def too_wide(domain: AcceptedDomain) -> str:
    """The warning about a wide accepted domain; empty for others."""
    if not is_wide(domain):
        return ""
    if isinstance(domain, RelayedDomain):
        words = everything_below(domain)
        return f"The Send connector {domain.name} lets everybody relay to {words}: it overrides the relay restrictions."
    harm = ": a relay in effect." if sends_on(domain) else ", which is hardly yours."
    return f"The accepted domain {domain.domain_name} takes mail for {everything_below(domain)}{harm}"


class Exposure(msgspec.Struct, frozen=True):
    """What strangers may do through a connector, and who they are: `ranges` hold the clients that it answers.

    `wide`: the accepted domains by which they reach domains that others own.
    """

    connector: str
    principal: str
    any_recipient: bool
    wide: tuple[AcceptedDomain, ...]
    ranges: tuple[IPRange, ...]

    @property
    def relays(self) -> bool:
        """Whether mail of strangers is taken for foreign addresses and sent there."""
        return self.any_recipient or any(map(sends_on, self.wide))

    @property
    def whom(self) -> str:
        """Whom the strangers reach, in words."""
        return ANYBODY if self.any_recipient else everything_below(*filter(sends_on, self.wide))

    @property
    def wide_names(self) -> frozenset[str]:
        """The wide domains by their domain names."""
        return frozenset(domain.domain_name for domain in self.wide)

    @property
    def public_ranges(self) -> tuple[IPRange, ...]:
        """Those of the ranges that hold addresses of the Internet."""
        return tuple(remote for remote in self.ranges if not is_private(remote))


def exposure(connector: ReceiveConnector, wide: Collection[AcceptedDomain] = ()) -> Exposure | None:
    """What a connector would let strangers do if it were enabled and answered all of its addresses.

    `wide`: the wide domains of the configuration. None unless strangers could reach domains that others own.
    """
    who = principal(connector)
    held = rights(connector.permission_groups, connector.grants, who)
    by_domain = reached(connector, wide)
    any_recipient = Right.ACCEPT_ANY_RECIPIENT in held
    if Right.SUBMIT not in held or not (any_recipient or by_domain):
        return None
    return Exposure(connector.name, who, any_recipient, by_domain, connector.remote_ip_ranges)


def reached(connector: ReceiveConnector, wide: Iterable[AcceptedDomain]) -> tuple[AcceptedDomain, ...]:
    """Those of wide domains for which a connector takes mail: RejectReservedTopLevelRecipientDomains bars `*.test`."""
    return tuple(each for each in wide if not reserved(connector, _one_of(each)))


def _one_of(domain: AcceptedDomain) -> str:
    name = parent(domain)
    below = domain.match_subdomains or domain.domain_name.startswith("*")
    return f"foreign.{name or 'domain'}" if below else name


def exposed(snapshot: Snapshot, others: Iterable[AcceptedDomain] | None = None) -> dict[str, Exposure]:
    """Connector → what it lets strangers do, of those that are enabled; whom they answer is not yet asked. `others`:
    the domains of others that count, the wide ones unless said otherwise.
    """
    wide = wide_domains(domains_taken(snapshot)) if others is None else tuple(others)
    found = (exposure(connector, wide) for connector in snapshot.receive_connectors if connector.enabled)
    return {each.connector: each for each in found if each is not None}


def exposures(snapshot: Snapshot) -> list[Exposure]:
    """Every connector through which somebody relays without signing in, with the addresses that it answers."""
    relaying = {name: each for name, each in exposed(snapshot).items() if each.relays}
    connectors = [each for each in snapshot.receive_connectors if each.name in relaying]
    found = clients(ConnectorIndex(snapshot), connectors) if connectors else {}
    return [msgspec.structs.replace(relaying[name], ranges=ranges) for name, ranges in found.items() if ranges]


def clients(index: ConnectorIndex, connectors: Collection[ReceiveConnector]) -> dict[str, tuple[IPRange, ...]]:
    """Connector → the addresses that it answers, wherever it listens: its ranges less what narrower ones hold; and who
    speaks for clients there, for they can say that they are any of these.
    """
    spans = answered(index, connectors)
    every = {
        name: merged(span for local, held in places.items() for span in (*held, *index.speakers(local)))
        for name, places in spans.items()
    }
    return {each.name: as_written(every[each.name], written(each)) for each in connectors}


def written(connector: ReceiveConnector) -> tuple[IPRange, ...]:
    """The ranges of a connector in which strangers may be, as they are written."""
    return (*connector.remote_ip_ranges, *connector.proxy_protocol_from, *connector.xclient_from)


def is_reached(connector: ReceiveConnector, others: Iterable[ReceiveConnector], first: int = FIRST) -> bool:
    """Whether a connector answers anybody beside others, wherever it listens: with its `first` ranges, or with all."""
    every, ranges = tuple(others), connector.remote_ip_ranges
    few = msgspec.structs.replace(connector, remote_ip_ranges=ranges[:first])
    return _is_reached(few, every) or (len(ranges) > first and _is_reached(connector, every))


def _is_reached(connector: ReceiveConnector, others: Iterable[ReceiveConnector]) -> bool:
    """Of the others' ranges only those are looked at that meet its own, and at the first client that it answers the
    search ends.
    """
    asked = merged(remote.bounds for remote in connector.remote_ip_ranges)
    index = ConnectorIndex(Snapshot(receive_connectors=(*(_meeting(each, asked) for each in others), connector)))
    spoken = (local for local in index.speaking if on_every_address(local) in connector.bindings)
    places = dict.fromkeys((*connector.bindings, *spoken))
    found = (owner.name for local in places for _span, owner in index.answered(local, asked))
    return connector.name in found


def _meeting(connector: ReceiveConnector, asked: list[Interval]) -> ReceiveConnector:
    if connector.xclient_from:  # whom it answers may speak for others
        return connector
    ranges = (remote for remote in connector.remote_ip_ranges if any(overlapping(remote.bounds, asked)))
    return msgspec.structs.replace(connector, remote_ip_ranges=tuple(ranges))


def answered(
    index: ConnectorIndex, connectors: Collection[ReceiveConnector]
) -> dict[str, dict[Binding, list[Interval]]]:
    """Connector → where it listens → whom it answers there, as disjoint, ascending intervals; nothing for nobody. Where
    somebody speaks for clients (`index.speakers`) at an address of its own, what listens on every address is there too.
    """
    spans: dict[str, dict[Binding, list[Interval]]] = {each.name: {} for each in connectors}
    for local in sorted({binding for each in connectors for binding in each.bindings} | index.speaking):
        every = index.bound(on_every_address(local)) if index.speakers(local) else []
        here = {each.name: each for each in (*index.bound(local), *every) if each.name in spans}
        asked = merged(remote.bounds for each in here.values() for remote in each.remote_ip_ranges)
        for span, owner in index.answered(local, asked):
            if owner.name in here:
                spans[owner.name].setdefault(local, []).append(span)
    return {name: {local: merged(held) for local, held in places.items()} for name, places in spans.items()}


def as_written(held: list[Interval], ranges: Iterable[IPRange]) -> tuple[IPRange, ...]:
    """Disjoint, ascending intervals as ranges: those that were written and lie in them, then what is left over."""
    kept = [remote for remote in dict.fromkeys(ranges) if _lies_in(remote.bounds, held)]
    left = without(held, merged(remote.bounds for remote in kept))
    found = (*kept, *(remote for piece in left for remote in ranges_of(piece)))
    return tuple(sorted(found, key=lambda remote: remote.bounds))


def _lies_in(span: Interval, held: list[Interval]) -> bool:
    version, low, high = span
    place = bisect_right(held, (version, low, 2**128)) - 1
    return place >= 0 and held[place][0] == version and high <= held[place][2]
