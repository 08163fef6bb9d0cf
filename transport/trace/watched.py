"""A configuration that tells what decisions look at: its settings, rights, domains and lists, in the order of asking.

The decisions do not know of it, and so cannot differ where somebody watches: they read what stands in for a policy and
its connector. Who does not watch pays nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, cast

import msgspec

from transport.config.endpoint import Binding
from transport.config.permissions import Right
from transport.config.receive_connector import ReceiveConnector
from transport.config.snapshot import Snapshot
from transport.receive.connector_match import ConnectorIndex, Match
from transport.receive.policy import Policy
from transport.receive.rules import (
    ACCEPTED_DOMAIN,
    BLOCK_LIST,
    CONNECTOR,
    PROVIDER,
    RECIPIENTS,
    RULES,
    SEND_CONNECTOR,
    SENDERS,
    TRANSPORT_CONFIG,
)

RIGHT, DIRECTORY, USER, CONNECTION_FILTER = "right", "directory", "user", "connection filter"
LISTS = (RIGHT, ACCEPTED_DOMAIN, SEND_CONNECTOR, BLOCK_LIST, PROVIDER, DIRECTORY, USER)
SETTINGS = frozenset((rule.on, field) for rule in RULES.values() for field in (rule.field, *rule.also))
"""What rules are about."""
PARTS = {
    "recipient_filter": RECIPIENTS,
    "sender_filter": SENDERS,
    "connection_filter": CONNECTION_FILTER,
    "transport_config": TRANSPORT_CONFIG,
}
"""Where a snapshot has what there is one of → what rules call it."""
OBJECTS = frozenset({*LISTS, *PARTS.values()})


class Look(msgspec.Struct, frozen=True):
    """Something that a decision has looked at. `on`: what rules call the kind of object, or `right`; `field`: the
    setting there, the right, or the list; `about`: what was looked for in it; `found`: the value, or what was found.
    """

    on: str
    field: str
    about: str
    found: Any


Note = Callable[[Look], None]


class Watched:
    """Stands in for an object of the configuration."""

    def __init__(self, of: Any, on: str, note: Note) -> None:
        self._watched = of, on, note

    def __getattr__(self, name: str) -> Any:
        of, on, note = self._watched
        value = getattr(of, name)
        note(Look(on, name, "", value))
        return value


class WatchedList:
    """Stands in for what is asked by one of `methods`, by what comes first."""

    def __init__(self, of: Any, on: str, field: str, methods: Collection[str], note: Note) -> None:
        self._watched = of, on, field, methods, note

    def __getattr__(self, name: str) -> Any:
        of, on, field, methods, note = self._watched
        value = getattr(of, name)
        if name not in methods:
            return value

        def asked(about: Any, *more: Any) -> Any:
            found = value(about, *more)
            note(Look(on, field, str(about), found))
            return found

        return asked


class WatchedSet(frozenset[Any]):
    """Stands in for a set of rights, or of addresses."""

    on = field = ""
    note: Note

    @classmethod
    def of(cls, members: Collection[Any], on: str, field: str, note: Note) -> WatchedSet:
        made = cls(members)
        made.on, made.field, made.note = on, field, note
        return made

    def __contains__(self, member: object) -> bool:
        found = super().__contains__(member)
        self.note(Look(self.on, self.field or str(member), str(member), found))
        return found


class _WatchedSnapshot:
    def __init__(self, of: Snapshot, note: Note) -> None:
        self._watched = of, note

    def __getattr__(self, name: str) -> Any:
        of, note = self._watched
        value = getattr(of, name)
        return Watched(value, PARTS[name], note) if name in PARTS else value


class _WatchedConnectors:
    """The connector that answers is watched."""

    def __init__(self, of: ConnectorIndex, note: Note) -> None:
        self._of, self._note = of, note

    def find(self, local_ip: str, local_port: int, remote_ip: str) -> Match | None:
        match = self._of.find(local_ip, local_port, remote_ip)
        if match is None:
            return None
        return Match(cast(ReceiveConnector, Watched(match.connector, CONNECTOR, self._note)), match.remote)

    def bound(self, local: Binding) -> list[ReceiveConnector]:
        return self._of.bound(local)


class WatchedPolicy(Policy):
    """A policy for one conversation; `looks` are those since it was last asked for them with `taken`."""

    def __init__(self, snapshot: Snapshot, server: str = "localhost", kerberos: bool = False) -> None:
        super().__init__(snapshot, server, kerberos)
        self._looks: dict[tuple[str, str, str], Look] = {}
        self.written, self._match = snapshot, self.connectors
        note = self.note
        self.snapshot = cast(Snapshot, _WatchedSnapshot(snapshot, note))
        self.connectors = cast(ConnectorIndex, _WatchedConnectors(self._match, note))
        watched: Any = self
        watched.accepted_domains = WatchedList(self.accepted_domains, ACCEPTED_DOMAIN, "", ("find",), note)
        watched.relayed_domains = WatchedList(self.relayed_domains, SEND_CONNECTOR, "allow_relay", ("find",), note)
        watched.blocked_senders = WatchedList(self.blocked_senders, SENDERS, "blocked_senders", ("entry",), note)
        watched.connection_lists = _connection_lists(self.connection_lists, note)
        self.blocked_recipients = WatchedSet.of(self.blocked_recipients, RECIPIENTS, "blocked_recipients", note)

    def note(self, look: Look) -> None:
        """Of what was looked at twice for one reply the first time counts; what no rule is about is left out."""
        if look.on in OBJECTS or (look.on, look.field) in SETTINGS:
            self._looks.setdefault((look.on, look.field, look.about), look)

    def taken(self) -> tuple[Look, ...]:
        """What was looked at since."""
        looks, self._looks = tuple(self._looks.values()), {}
        return looks

    def match(self, local: tuple[str, int], client: str) -> Match | None:
        """The connector that answers, itself."""
        return self._match.find(*local, client)

    def keywords(self, connector: ReceiveConnector, limit: int, starttls: bool, tls: bool) -> tuple[str, ...]:
        """An extension that is offered is no rule yet."""
        return super().keywords(unwatched(connector), limit, starttls, tls)

    def rights(self, connector: ReceiveConnector, principal: str) -> frozenset[Right]:
        return WatchedSet.of(super().rights(unwatched(connector), principal), RIGHT, "", self.note)

    def rights_of_user(self, connector: ReceiveConnector, principals: tuple[str, ...]) -> frozenset[Right]:
        return WatchedSet.of(super().rights_of_user(unwatched(connector), principals), RIGHT, "", self.note)


def _connection_lists(of: Any, note: Note) -> Any:
    listed = WatchedList(of, BLOCK_LIST, "", ("listed",), note)
    return WatchedList(listed, PROVIDER, "", ("provided",), note)


def unwatched(connector: Any) -> ReceiveConnector:
    """The connector itself."""
    found: ReceiveConnector = connector._watched[0] if isinstance(connector, Watched) else connector
    return found
