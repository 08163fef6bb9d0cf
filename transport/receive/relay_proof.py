"""The relay proof: can somebody who has proved nothing send mail through this server to somebody elsewhere?

Over a whole configuration, for every client address, every place where a connector listens, with and without TLS. TLS
gives a stranger no rights; only a certificate of a partner does, who is no stranger then. A local part that names
another destination (`%`, `!`, `@`) and a source route are refused to all who may not send to any address, whatever the
settings; what filters refuse is not counted, as in `exposure`, of whose answers the proof is made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address
from itertools import chain

import msgspec

from transport.config.accepted_domain import AcceptedDomain
from transport.config.connection_filter import ConnectionFilter
from transport.config.domains import parent
from transport.config.endpoint import Binding, IPRange, client_key, is_private
from transport.config.filters import RecipientFilter, SenderFilter
from transport.config.intervals import Interval, is_internet, merged, within
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import RequestMail
from transport.config.snapshot import Snapshot
from transport.receive import xclient
from transport.receive.admission import swapped
from transport.receive.connector_match import ConnectorIndex, on_every_address
from transport.receive.conversation import Conversation, World
from transport.receive.exposure import (
    Exposure,
    answered,
    as_written,
    domains_of_others,
    exposed,
    is_wide,
    sends_on,
    wide_domains,
    written,
)
from transport.receive.front_end import front_end
from transport.receive.policy import Policy
from transport.receive.rcpt import reserved
from transport.receive.relayed_domains import domains_taken
from transport.smtp.proxy_header import Endpoint, Header, version_1
from transport.smtp.reply import Reply

TURNED = frozenset({RequestMail.Turn, RequestMail.Atrn})
"""Ways of asking for mail by which the other server hands it in over the connection that we have opened."""


class Place(msgspec.Struct, frozen=True):
    """Where a connector listens, and whom it answers there: `spans` as disjoint, ascending intervals. `speakers`: who
    may say there that they are any of these; `ranges`: both, as they are written.
    """

    local: Binding
    spans: tuple[Interval, ...]
    ranges: tuple[IPRange, ...]
    speakers: tuple[Interval, ...] = ()


class Way(Exposure, frozen=True, kw_only=True):
    """A way in which strangers reach others: `wide` are the domains of others that they reach, `places` where they come
    in.

    `asked_by`: the Send connector that asks a `server` for our mail; that server is the stranger, it comes over our own
    connection, and there are no places.
    """

    places: tuple[Place, ...] = ()
    asked_by: str = ""
    server: str = ""

    @property
    def is_open(self) -> bool:
        """Whether they reach whom they like, not only domains that a Send connector names."""
        return self.any_recipient or any(map(is_wide, self.wide))

    @property
    def is_public(self) -> bool:
        """Whether the strangers are on the Internet, as the server is that we ask for mail."""
        return bool(self.asked_by) or not all(map(is_private, self.ranges))


class Proof(msgspec.Struct, frozen=True):
    """Every way there is: without any, nobody relays.

    `wide`: the accepted and relayed domains that stand for domains of others, also those whose mail stays here.
    `kept`: an address of its own and a port → the clients whom a connector there keeps, as disjoint, ascending
    intervals, of those who get through where they meet a connector that listens on every address.
    """

    ways: tuple[Way, ...]
    wide: tuple[AcceptedDomain, ...] = ()
    kept: dict[Binding, list[Interval]] = {}

    @property
    def open_ways(self) -> tuple[Way, ...]:
        """Those that lead to whom strangers like."""
        return tuple(way for way in self.ways if way.is_open)

    @property
    def is_open_relay(self) -> bool:
        """Whether everyone on the Internet relays."""
        return is_internet(chain.from_iterable(way.ranges for way in self.open_ways))


def proof(snapshot: Snapshot) -> Proof:
    """Every way in which strangers send mail through this server to others."""
    taken, index = domains_taken(snapshot), ConnectorIndex(snapshot)
    found = exposed(snapshot, filter(sends_on, domains_of_others(taken)))
    connectors = [each for each in snapshot.receive_connectors if each.name in found]
    spans = answered(index, connectors) if connectors else {}
    met = [_met(found[each.name], each, spans[each.name], index) for each in connectors if spans[each.name]]
    ways = tuple(sorted((*met, *_asked(snapshot, found)), key=_gravity))
    return Proof(ways, wide_domains(taken), _kept(snapshot, index, met))


def _gravity(way: Way) -> tuple[bool, bool]:
    """The gravest first."""
    return not way.is_open, not way.is_public


def _met(
    found: Exposure, connector: ReceiveConnector, spans: dict[Binding, list[Interval]], index: ConnectorIndex
) -> Way:
    ranges = written(connector)
    places = tuple(_place(local, held, index.speakers(local), ranges) for local, held in spans.items())
    every = places[0].ranges
    if len(places) > 1:
        every = as_written(merged(span for place in places for span in (*place.spans, *place.speakers)), ranges)
    return Way(found.connector, found.principal, found.any_recipient, found.wide, every, places=places)


def _place(local: Binding, held: list[Interval], speakers: list[Interval], ranges: tuple[IPRange, ...]) -> Place:
    strangers = merged((*held, *speakers)) if speakers else held
    return Place(local, tuple(held), as_written(strangers, ranges), tuple(speakers))


def _asked(snapshot: Snapshot, found: dict[str, Exposure]) -> Iterator[Way]:
    """Such a server is answered as the Receive connector says that is named there, whatever its address is."""
    for send in snapshot.send_connectors:
        by = found.get(send.request_mail_receive_connector)
        if by is not None and send.enabled and send.request_mail in TURNED:
            yield Way(
                by.connector,
                by.principal,
                by.any_recipient,
                by.wide,
                (),
                asked_by=send.name,
                server=send.request_mail_server,
            )


def _kept(snapshot: Snapshot, index: ConnectorIndex, ways: Iterable[Way]) -> dict[Binding, list[Interval]]:
    found: defaultdict[Binding, list[Interval]] = defaultdict(list)
    for place in chain.from_iterable(way.places for way in ways):
        if place.local.is_any:
            found[place.local].extend(place.spans)
    through = {local: merged(spans) for local, spans in found.items()}
    every = {binding for each in snapshot.receive_connectors if each.enabled for binding in each.bindings}
    own = [local for local in every if not local.is_any and on_every_address(local) in through]
    return {local: held for local in own if (held := _kept_at(local, index, through[on_every_address(local)]))}


def _kept_at(local: Binding, index: ConnectorIndex, through: list[Interval]) -> list[Interval]:
    here = {each.name: each for each in index.bound(local)}
    ranges = merged(remote.bounds for each in here.values() for remote in each.remote_ip_ranges)
    clients = list(within(ranges, through))
    return merged(span for span, each in index.answered(local, clients) if each.name in here) if clients else []


class Said(msgspec.Struct, frozen=True):
    """A line of a dialogue, as it goes over the wire."""

    by_client: bool
    text: str


class Dialogue(msgspec.Struct, frozen=True):
    """The shortest one that shows a way: who said it to which address and port, and with TLS or not."""

    local: tuple[str, int]
    remote: tuple[str, int]
    tls: bool
    recipient: str
    said: tuple[Said, ...]

    @property
    def is_taken(self) -> bool:
        """Whether the decisions confirm it: the recipient was answered 250."""
        return self.said[-1].text.startswith("250")


class Dialogues:
    """What a client would hear under one configuration, filters aside, whose lists come and go."""

    def __init__(self, snapshot: Snapshot, server: str = "localhost", now: float = 0.0) -> None:
        """`now` in Unix seconds, which stands in the greeting."""
        self._now = now
        self._snapshot = msgspec.structs.replace(
            snapshot,
            recipient_filter=RecipientFilter(enabled=False),
            sender_filter=SenderFilter(enabled=False),
            connection_filter=ConnectionFilter(ip_allow_list_enabled=False, ip_block_list_enabled=False),
            ip_list_entries=(),
            ip_list_providers=(),
        )
        self._connectors = {each.name: each for each in snapshot.receive_connectors}
        self._policy = Policy(self._snapshot, server)

    def of(self, way: Way) -> Dialogue:
        """The dialogue that shows a way of this configuration: HELO, TLS only where it is needed, MAIL, RCPT."""
        local, remote = _ends(way)
        connector = self._connectors[way.connector]
        policy = self._policy_at(local, remote)
        recipient = f"somebody@{_domain(policy, way, connector)}"
        said: list[Said] = []
        talk = self._begun(policy, way, (local, remote), said)
        introduction = () if way.asked_by else self._introduction(connector, local, remote)
        for line in (*introduction, *_lines(recipient, starttls=connector.require_tls and not way.asked_by)):
            said.append(Said(True, line))
            talk.octets(f"{line}\r\n".encode())
            if talk.secures:
                talk.secure()
        return Dialogue(local, remote, connector.require_tls, recipient, tuple(said))

    def _introduction(self, connector: ReceiveConnector, local: Endpoint, remote: Endpoint) -> tuple[str, ...]:
        """How a load balancer or a mail server says that it is a client that the connector answers; nothing of one that
        is.
        """
        index = self._policy.connectors
        if not index.speakers(Binding(*local)):
            return ()
        if front_end(self._policy, local, remote) is not None:
            client = self._one_of(connector, local)
            return (version_1(Header(0, (client, PORT + 1), (TOLD[":" in client], local[1]))),)
        match = index.find(*local, remote[0])
        is_one = match is None or match.connector.name == connector.name
        return () if is_one else (xclient.line(self._one_of(connector, local)),)

    def _one_of(self, connector: ReceiveConnector, local: Endpoint) -> str:
        """A client that the connector answers there."""
        asked = merged(each.bounds for each in connector.remote_ip_ranges)
        answered = self._policy.connectors.answered(Binding(*local), asked)
        spans = merged(span for span, owner in answered if owner.name == connector.name)
        return _client(min(as_written(spans, connector.remote_ip_ranges), key=is_private))

    def _begun(self, policy: Policy, way: Way, ends: tuple[Endpoint, Endpoint], said: list[Said]) -> Conversation:
        """A client that connects, or a server on our own connection, which is on TLS where that is required."""
        tls = "TLSv1.3 AES" if self._connectors[way.connector].require_tls else ""
        begun = swapped(policy, way.connector, *ends, tls) if way.asked_by else None
        return Conversation(
            policy, *ends, World(), now=self._now, begun=begun, heard=lambda each: said.extend(_replied(each.reply))
        )

    def _policy_at(self, local: Endpoint, remote: Endpoint) -> Policy:
        """The whole configuration; at an address of few connectors, where nobody speaks for clients, only these and who
        answers the client at every address, since a map of all for each such address takes long.
        """
        index, binding = self._policy.connectors, Binding(*local)
        bound = index.bound(binding)
        if binding.is_any or not 0 < len(bound) <= FEW or index.speakers(binding):
            return self._policy
        everywhere = index.find(on_every_address(binding).ip, local[1], remote[0])
        kept = {each.name: each for each in (*bound, *((everywhere.connector,) if everywhere else ()))}
        bare = msgspec.structs.replace(self._snapshot, receive_connectors=tuple(kept.values()))
        return Policy(bare, self._policy.server)


def _domain(policy: Policy, way: Way, connector: ReceiveConnector) -> str:
    """A domain of others that the strangers of a way reach."""
    names, wanted = ELSEWHERE, ""
    if not way.any_recipient:
        found = max(way.wide, key=is_wide)
        names, wanted = tuple(_names(found.domain_name, parent(found))), found.domain_name
    fitting = (name for name in names if _taken_by(policy, name) == wanted and not reserved(connector, name))
    return next(fitting, names[-1])


def _taken_by(policy: Policy, name: str) -> str:
    """The accepted domain that takes mail for a domain, or the address space of a Send connector; else empty."""
    found = policy.accepted_domains.find(name) or policy.relayed_domains.find(name)
    return found.domain_name if found else ""


ELSEWHERE: tuple[str, ...] = ("example.net", "elsewhere.example", "elsewhere.test", "[192.0.2.1]")
"""Domains that nobody accepts by mistake; for the last one no accepted domain can stand."""
SHOWN = ("203.0.113.7", "2001:db8::7")
"""Clients of an example (RFC 5737, RFC 3849), where the strangers are many."""
TOLD = ("192.0.2.1", "2001:db8::1")
"""Where clients of a load balancer have connected to, in an example."""
CLIENT = "client.example"
"""How it greets."""
FEW = 10
"""Connectors."""
PORT = 49152
"""Of clients, the first that no service has (RFC 6335 §6)."""


def _names(domain_name: str, name: str) -> Iterator[str]:
    """Domains that a domain of others stands for."""
    if not name:
        yield from ("example.net", "elsewhere.example", "elsewhere.domain")
    elif not domain_name.startswith("*"):
        yield name
    if name:
        yield from (f"{label}.{name}" for label in ("elsewhere", "somewhere", "foreign", "any"))


def _lines(recipient: str, *, starttls: bool) -> Iterator[str]:
    if starttls:
        yield f"EHLO {CLIENT}"
        yield "STARTTLS"
    yield from (f"HELO {CLIENT}", "MAIL FROM:<>", f"RCPT TO:<{recipient}>")


def _replied(reply: Reply | None) -> Iterator[Said]:
    if reply is not None:
        yield from (Said(False, line) for line in reply.text.split("\n"))


def _ends(way: Way) -> tuple[Endpoint, Endpoint]:
    """Where a client of a way comes in, and from which address: a public one rather than a private one."""
    if not way.places:
        return ("127.0.0.1", PORT), (SHOWN[0], 25)
    both = ((place.local, remote) for place in way.places for remote in place.ranges)
    local, remote = min(both, key=lambda each: is_private(each[1]))
    return (local.ip, local.port), (_client(remote), PORT)


def _client(remote: IPRange) -> str:
    shown = next((each for each in SHOWN if remote.holds(*client_key(each))), None)
    version, low, high = remote.bounds
    return shown or str((IPv4Address if version == 4 else IPv6Address)(min(low + 1, high)))
