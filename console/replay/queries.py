"""Sessions of the last hours or days, answered again under a configuration: how many would be answered otherwise.

A replay costs about a tenth of a millisecond of each session; who asks says how long it may take, and is told which
sessions, the oldest ones, are left.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_address
from itertools import islice
from time import monotonic
from typing import NamedTuple

from django.conf import settings
from django.db.models import QuerySet, Sum

from console.directory import queries as directory
from console.kerberos import queries as kerberos
from console.replay.models import Records
from console.users import queries as users
from transport.config.snapshot import Snapshot
from transport.receive.policy import Policy
from transport.trace.replay import Difference, Now, Replayed, replay
from transport.trace.session_record import SessionRecord, read

AT_ONCE = 25
"""Sessions between two looks at the clock."""
REMEMBERED = 20_000
"""Of so many sessions the answer is kept: one that does the same again is not asked again."""
EXAMPLES = 3
MOST_KEPT = 1000


@dataclass(frozen=True)
class Asked:
    """Which sessions: those that ended in this time, of clients in these bounds (first and last address), and that a
    connector of this name has answered; empty: all.
    """

    since: datetime
    until: datetime
    client: tuple[str, str] | None = None
    connector: str = ""

    def holds(self, record: SessionRecord) -> bool:
        if not self.since.timestamp() <= record.ended < self.until.timestamp():
            return False
        if self.connector and record.connector.casefold() != self.connector.casefold():
            return False
        return self.client is None or _within(record.client, *self.client)


def _within(client: str, first: str, last: str) -> bool:
    address, low, high = ip_address(client.partition("%")[0]), ip_address(first), ip_address(last)
    return address.version == low.version and int(low) <= int(address) <= int(high)


@dataclass(frozen=True)
class Found:
    """A session that would be answered otherwise."""

    record: SessionRecord
    difference: Difference

    @property
    def ended(self) -> datetime:
        return datetime.fromtimestamp(self.record.ended, UTC)


class Kind(NamedTuple):
    """What the answers of several sessions have in common: the command, and code and rule of both answers."""

    command: str
    then: tuple[int, str]
    now: tuple[int, str]


@dataclass
class Result:
    """`sessions`: how many were replayed; `kinds`: those that differ, by what they have in common, each with its
    clients; `found`: the newest of them; `ended`: why a replay ended before its session, and how often; `elsewhere`:
    answered the same, but by another connector; `until`: when the oldest one ended; `is_whole`: none was left.
    """

    sessions: int = 0
    differing: int = 0
    kinds: dict[Kind, Counter[str]] = field(default_factory=dict)
    clients: Counter[str] = field(default_factory=Counter)
    found: list[Found] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)
    elsewhere: int = 0
    until: datetime | None = None
    is_whole: bool = True

    def add(self, record: SessionRecord, replayed: Replayed) -> None:
        self.sessions += 1
        self.until = datetime.fromtimestamp(record.ended, UTC)
        if replayed.ended:
            self.ended[replayed.ended] += 1
        if replayed.difference is not None:
            self._differs(Found(record, replayed.difference))
        elif replayed.connector != record.connector:
            self.elsewhere += 1

    def _differs(self, found: Found) -> None:
        self.differing += 1
        self.clients[found.record.client] += 1
        self.kinds.setdefault(_kind(found), Counter())[found.record.client] += 1
        if len(self.found) < MOST_KEPT:
            self.found.append(found)

    def examples(self, kind: Kind) -> list[Found]:
        """The newest of a kind."""
        return list(islice((each for each in self.found if _kind(each) == kind), EXAMPLES))


def _kind(found: Found) -> Kind:
    then, now = found.difference.then, found.difference.now
    return Kind(_command(found), (then.code, then.rule), (now.code, now.rule))


def _command(found: Found) -> str:
    """The verb; `connection`, or `message`."""
    said = found.difference.then.said
    if not said:
        return "message" if found.difference.place else "connection"
    return said.split(" ", 1)[0].upper()[:10]


def recorded(asked: Asked) -> int:
    """How many sessions there are in that time, whoever they are of."""
    return _rows(asked).aggregate(n=Sum("sessions"))["n"] or 0


def _rows(asked: Asked) -> QuerySet[Records]:
    return Records.objects.filter(last_ended__gte=asked.since, first_ended__lt=asked.until)


def replayed(snapshot: Snapshot, asked: Asked, seconds: float | None) -> Result:
    """The newest first, for at most so many seconds; None: all of them, however long that takes."""
    policy = Policy(snapshot, settings.GATEPOST_NODE, not kerberos.why_not_offered())
    now = Now(bool(snapshot.certificates), cache(directory.is_listed), cache(users.signed_in))
    known: dict[bytes, Replayed] = {}
    result, end = Result(), monotonic() + seconds if seconds is not None else None
    for number, (line, record) in enumerate(_records(asked)):
        if end is not None and number % AT_ONCE == 0 and monotonic() > end:
            result.is_whole = False
            break
        if not asked.holds(record):
            continue
        facts = line.split(b",", 3)[3]  # behind both times and the name of the session
        found = known.get(facts)
        if found is None:
            found = replay(policy, record, now)
            if len(known) < REMEMBERED:
                known[facts] = found
        result.add(record, found)
    return result


def _records(asked: Asked) -> Iterator[tuple[bytes, SessionRecord]]:
    rows = _rows(asked).order_by("-last_ended", "-id").values_list("lines", flat=True)
    for packed in rows.iterator(chunk_size=8):
        lines = zlib.decompress(packed).splitlines()
        for line in reversed(lines):
            for record in read([line]):
                yield line, record
