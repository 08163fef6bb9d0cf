"""The machines of this installation: what each says of itself, and what its processes do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf

from django.db import connection

from console.processes.models import Node, State, Turn
from console.processes.names import kind_of
from console.processes.queries import FORGOTTEN, SEEN_LATELY
from console.publishing import queries as publishing
from console.publishing.models import Transport
from transport.config.document import DocumentError

GONE_AFTER = 120.0
"""Seconds without a sign of life after which a node counts as gone."""
MOST_CLOCK = 5.0
"""Seconds by which a clock may differ from PostgreSQL's."""


@dataclass(frozen=True)
class Process:
    """One process of a node, and so many seconds ago its last sign of life."""

    kind: str
    name: str
    age: float
    version: str

    @property
    def is_alive(self) -> bool:
        return self.age <= SEEN_LATELY


@dataclass
class Machine:
    """A node. `row`: what is kept of it; of one whose forwarder has told nothing yet, as it is at first. `wanted`: how
    many bindings the newest revision has.
    """

    row: Node
    transports: list[Transport] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)
    waiting: int = 0
    waiting_since: datetime | None = None
    wanted: int = 0

    def add(self, process: Process, source: Transport | Turn) -> None:
        """What one of its processes tells."""
        self.processes.append(process)
        if isinstance(source, Transport):
            self.transports.append(source)
        elif source.waiting_messages:
            self.waiting += source.waiting_messages
            self.waiting_since = min(filter(None, [self.waiting_since, source.waiting_since]), default=None)

    @property
    def name(self) -> str:
        return self.row.name

    @property
    def bindings(self) -> list[str]:
        """Those on which some transport of it listens."""
        return sorted({binding for each in self.transports for binding in each.bindings})

    @property
    def age(self) -> float | None:
        """Seconds since any of its processes gave a sign of life."""
        return min((each.age for each in self.processes), default=None)

    @property
    def is_gone(self) -> bool:
        return self.age is None or self.age > GONE_AFTER

    @property
    def versions(self) -> list[str]:
        """Of the processes that live, of one that is gone the last."""
        found = {each.version for each in self.processes if each.is_alive and each.version}
        return sorted(found) or [self.row.version][: bool(self.row.version)]

    @property
    def revisions(self) -> list[int]:
        """In force on its transports, each once."""
        return sorted({each.revision for each in self.transports if each.revision})

    @property
    def sessions(self) -> int:
        return 0 if self.is_gone else sum(each.sessions for each in self.transports)

    @property
    def takes_sessions(self) -> bool:
        return self.row.state == State.ACTIVE

    @property
    def knows_its_journal(self) -> bool:
        """Whether its forwarder has told as lately as its transports gave a sign of life: else more may have come."""
        return self._age_of("forwarder") < inf and self._age_of("forwarder") <= self._age_of("transport") + SEEN_LATELY

    def _age_of(self, kind: str) -> float:
        return min((each.age for each in self.processes if each.kind == kind), default=inf)

    @property
    def is_drained(self) -> bool:
        """Nobody is connected, and nothing waits in its journal."""
        return self.knows_its_journal and not (self.takes_sessions or self.sessions or self.waiting)

    @property
    def clock_is_off(self) -> bool:
        return not self.is_gone and abs(self.row.clock or 0.0) > MOST_CLOCK


def machines(*, with_wanted: bool = True) -> list[Machine]:
    """By name: those that are kept, and those that have given a sign of life lately. What is `wanted` of them takes a
    look into the whole configuration.
    """
    now, wanted = _now(), _wanted() if with_wanted else 0
    found = {row.name: Machine(row, wanted=wanted) for row in Node.objects.all()}
    sources: list[Transport | Turn] = [*Transport.objects.exclude(node=""), *Turn.objects.all()]
    for each in sources:
        process = _process(each, now)
        if each.node in found or process.age <= FORGOTTEN:
            found.setdefault(each.node, untold(each.node, wanted)).add(process, each)
    return [found[name] for name in sorted(found)]


def untold(name: str, wanted: int = 0) -> Machine:
    """One of which nothing is kept yet."""
    return Machine(Node(name=name, home="", version="", state=State.ACTIVE, holds_mailboxes=False), wanted=wanted)


def machine(name: str) -> Machine | None:
    return next((each for each in machines() if each.name == name), None)


def versions(every: Iterable[Machine]) -> dict[str, list[str]]:
    """Version → the nodes on which a process of it runs."""
    found: dict[str, list[str]] = {}
    for each in every:
        for version in () if each.is_gone else each.versions:
            found.setdefault(version, []).append(each.name)
    return found


def holder_of_mailboxes() -> Node | None:
    """Where the mailboxes lie; None while nobody has said."""
    return Node.objects.filter(holds_mailboxes=True).first()


def _process(source: Transport | Turn, now: datetime) -> Process:
    if isinstance(source, Transport):
        return Process("transport", source.name, _age(source.seen_at, now), source.version)
    kind, number = kind_of(source.process)
    return Process(kind, str(number) if number > 1 else "", _age(source.at, now), source.version)


def _age(at: datetime, now: datetime) -> float:
    """A clock that was set back makes old signs lie ahead."""
    return abs((now - at) / timedelta(seconds=1))


def _now() -> datetime:
    """By the clock of PostgreSQL, which all of them go by."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        found: datetime = cursor.fetchone()[0]
    return found


def _wanted() -> int:
    newest = publishing.newest_with_document()
    try:
        return len(set(publishing.bindings(newest.document))) if newest else 0
    except DocumentError:
        return 0
