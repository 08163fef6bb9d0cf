"""What the console learns of this transport: its row in publishing_transport, its traffic by the minute."""

import os

import msgspec
from psycopg.types.json import Jsonb

from transport.shell import clock
from transport.shell.config_feed import ConfigFeed
from transport.shell.database import Connection
from transport.shell.listeners import Listeners, Problem
from transport.shell.metrics import Counts
from transport.shell.queries import QUERIES
from transport.shell.reception import Reception
from transport.shell.shared_counts import SharedCounts


class Report:
    """Gathers the facts from the parts that know them."""

    def __init__(
        self, reception: Reception, feed: ConfigFeed, listeners: Listeners, shared_counts: SharedCounts | None = None
    ) -> None:
        self._reception, self._feed, self._listeners = reception, feed, listeners
        self._shared_counts = shared_counts
        self._started_at = clock.now()

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
        if self._reception.resources_low:
            general.append("The disk of this transport is nearly full: no mail is accepted.")
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
        }
        await connection.execute(QUERIES["report_transport"], row)
        traffic = self._reception.traffic
        traffic.book(clock.now())
        for minute, counts in list(traffic.by_minute.items()):
            sent = Counts(counts.connections, counts.accepted, counts.refused)
            values = {"transport": self._reception.name, "minute": minute, **msgspec.structs.asdict(sent)}
            await connection.execute(QUERIES["add_traffic"], values)
            traffic.reported(minute, sent)

    def health(self) -> tuple[bool, dict[str, object]]:
        """(fit to serve, the facts): a revision is in force and every binding is listened on."""
        in_words = msgspec.to_builtins(self.problems())
        serving = self._feed.revision is not None and not self._listeners.problems
        facts = {
            "transport": self._reception.name,
            "revision": self._feed.revision,
            "in_force_since": self._feed.in_force_since,
            "sessions": len(self._reception.sessions),
            "problems": in_words,
        }
        return serving and not self._reception.stopping, facts
