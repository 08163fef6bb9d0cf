"""What the console learns of this transport: its row in publishing_transport, its traffic by the minute."""

import os
from collections import Counter
from collections.abc import Collection
from time import monotonic

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from transport import node
from transport.shell import clock
from transport.shell.clients.listeners import Listeners, Problem
from transport.shell.clients.reception import Reception
from transport.shell.clients.shared_counts import SharedCounts
from transport.shell.database import Connection
from transport.shell.feeds.config_feed import ConfigFeed
from transport.shell.metrics import Counts, Told
from transport.shell.names import Key
from transport.shell.queries import QUERIES

LONGEST_TURN = 8.0
"""Seconds between two turns, of ours or of the forwarder, after which something hangs."""
LONGEST_WAIT = 60.0
"""Seconds that accepted mail may lie in the journal."""
MOST_TOLD = 100
"""Problems that /healthz tells: with hundreds of connectors for the addresses of other nodes there are more."""


class Report:
    """Gathers the facts from the parts that know them."""

    def __init__(
        self,
        reception: Reception,
        feed: ConfigFeed,
        listeners: Listeners,
        shared_counts: SharedCounts | None = None,
        follows: bool = False,
        former: Collection[str] = (),
    ) -> None:
        """`follows`: there is a PostgreSQL, and `step` is called every second. `former`: transports of this node
        that it had when it ran more of them, or fewer; nobody misses them.
        """
        self._reception, self._feed, self._listeners = reception, feed, listeners
        self._shared_counts, self._follows = shared_counts, follows
        self._former = former
        self._started_at = clock.now()
        self._forwarder = ""
        self._stepped_at = monotonic()

    def problems(self) -> list[Problem]:
        """Everything that an administrator should mend; `connector` is empty when it concerns all of them."""
        found = list(self._listeners.problems)
        in_force = self._reception.in_force
        general = [self._feed.problem]
        if in_force is not None:
            general += [*in_force.tls.problems, in_force.kerberos.problem]
        general += [self._reception.journal.problem, *self._reception.dns.problems]
        if self._shared_counts is not None:
            general.append(self._shared_counts.problem)
        general.append(self._reception.shortage)
        return found + [Problem("", "", message) for message in general if message]

    async def step(self, connection: Connection) -> None:
        """Write the row and the counts. Raises psycopg.Error."""
        row = {
            "name": self._reception.name,
            "node": self._reception.node,
            "pid": os.getpid(),
            "revision": self._feed.revision,
            "in_force_since": self._feed.in_force_since,
            "started_at": self._started_at,
            "sessions": len(self._reception.sessions),
            "sessions_by_connector": Jsonb(self._reception.load.open),
            "problems": Jsonb(msgspec.to_builtins(self.problems())),
            "bindings": self._listeners.bindings,
            "version": node.version(),
        }
        await connection.execute(QUERIES["report_transport"], row)
        if self._former:
            former = {"names": list(self._former), "node": self._reception.node}
            await connection.execute(QUERIES["forget_transports"], former)
            self._former = ()
        traffic = self._reception.traffic
        traffic.book(clock.now())
        for minute, counts in list(traffic.by_minute.items()):
            sent = Counts(counts.connections, counts.accepted, counts.refused)
            values = {"transport": self._reception.name, "minute": minute, **msgspec.structs.asdict(sent)}
            await connection.execute(QUERIES["add_traffic"], values)
            traffic.reported(minute, sent)
        await self._tell_names(connection)
        turn = await connection.execute(QUERIES["forwarder_turn"], {"node": self._reception.node})
        self._forwarder = _hanging(await turn.fetchone())
        self._stepped_at = monotonic()

    async def _tell_names(self, connection: Connection) -> None:
        """What was counted by name, all of a minute in one statement, in one order for all transports."""
        names = self._reception.names
        names.book(clock.now())
        for minute in list(names.by_minute):
            counts = names.by_minute.pop(minute)
            try:
                await connection.execute(QUERIES["add_counts"], add_counts(minute, counts))
            except psycopg.Error:
                names.put_back(minute, counts)
                raise

    def _behind_us(self) -> list[Problem]:
        """What keeps accepted mail in the journal. It is no reason to accept none, but one to say."""
        away = self._follows and monotonic() - self._stepped_at > LONGEST_TURN
        said = "PostgreSQL does not answer: mail is accepted and waits in the journal." if away else self._forwarder
        return [Problem("", "", said)] if said else []

    def health(self) -> tuple[bool, dict[str, object]]:
        """(fit to serve, the facts): a revision is in force, every binding that this machine has is listened on, and
        mail can be taken. Of many problems those that are ours come first.
        """
        problems = sorted(self.problems() + self._behind_us(), key=lambda each: each.elsewhere)
        in_words = msgspec.to_builtins(problems[:MOST_TOLD])
        deaf = self._listeners.is_deaf or bool(self._reception.shortage)
        serving = self._feed.revision is not None and not deaf
        facts = {
            "transport": self._reception.name,
            "revision": self._feed.revision,
            "in_force_since": self._feed.in_force_since,
            "sessions": len(self._reception.sessions),
            "draining": self._reception.draining,
            "bindings": self._listeners.bindings,
            "problems": in_words,
        }
        return serving and not (self._reception.stopping or self._reception.draining), facts

    def metrics(self) -> Told:
        """The counts since the start, and what is now."""
        reception = self._reception
        counted, in_force = reception.traffic, reception.in_force
        return Told(
            connections=counted.connections,
            accepted=counted.accepted,
            refused=counted.refused,
            lost_log_lines=reception.protocol_log.lost,
            sessions=len(reception.sessions),
            revision=in_force.policy.snapshot.revision if in_force else 0,
        )


def add_counts(minute: int, counts: Counter[Key]) -> dict[str, object]:
    """The parameters of the statement `add_counts`, of which no name holds what PostgreSQL cannot: NUL, surrogates."""
    kept: Counter[Key] = Counter()
    for (what, by, name, connector), n in counts.items():
        kept[what, by, name.encode("utf-8", "replace").decode().replace("\0", ""), connector] += n
    keys = sorted(kept)
    columns = zip(("what", "by", "name", "connector"), zip(*keys, strict=True), strict=True)
    return {"at": minute, "n": [kept[key] for key in keys], **{column: list(values) for column, values in columns}}


def _hanging(turn: tuple[float, float | None] | None) -> str:
    """What the forwarder's last turn, and the oldest message before it, say: both so many seconds ago."""
    if turn is None:
        return ""
    ago, waiting = turn
    if ago > LONGEST_TURN:
        return f"The forwarder hangs or is away, for {ago:.0f} s now: accepted mail stays in the journal."
    return f"Mail waits in the journal for {waiting:.0f} s." if waiting and waiting > LONGEST_WAIT else ""
