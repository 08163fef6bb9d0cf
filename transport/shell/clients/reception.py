"""What all sessions of this process share: the revision in force, and where mail, log lines and counts go."""

import asyncio
from typing import NamedTuple, Protocol

from transport.receive.policy import Policy
from transport.reference import References
from transport.shell.clients.dns_lookups import DnsLookups
from transport.shell.clients.load import ConnectorLoad
from transport.shell.clients.pick_ups import PickUps
from transport.shell.clients.source_budget import SourceBudget
from transport.shell.clients.tls_contexts import TlsContexts
from transport.shell.feeds.recipient_feed import RecipientFeed
from transport.shell.journal.journal import Journal
from transport.shell.log.protocol_log import ProtocolLog
from transport.shell.log.session_record import RecordLog
from transport.shell.master.counts import Counts
from transport.shell.metrics import Traffic
from transport.shell.names import Names
from transport.shell.people.credentials import Credentials
from transport.shell.people.kerberos import Kerberos
from transport.trace.open_session import OpenSession

AT_ONCE = 200
"""Sessions whose time-outs are looked at before others have their turn."""


class Client(Protocol):
    """One that is connected. `now` and `began` are the loop's time."""

    @property
    def session_id(self) -> str: ...
    @property
    def began(self) -> float: ...

    due: float

    def check_time(self, now: float) -> None: ...
    def stop(self) -> None: ...
    def end_by_administrator(self) -> None: ...
    def give_up_header(self) -> None: ...
    def abort(self) -> None: ...
    def is_from(self, connector: str, client: str) -> bool: ...
    def told(self, now: float, unix: float) -> OpenSession: ...


class InForce(NamedTuple):
    """One revision, ready to serve."""

    policy: Policy
    tls: TlsContexts
    kerberos: Kerberos


class Reception:
    """Swapping `in_force` is how a new revision begins; running sessions keep the one they started with."""

    def __init__(
        self,
        name: str,
        node: str,
        loop: asyncio.AbstractEventLoop,
        journal: Journal,
        recipients: RecipientFeed,
        protocol_log: ProtocolLog,
        session_records: RecordLog,
        credentials: Credentials,
        pick_ups: PickUps,
        references: References,
        counts: Counts | None = None,
    ) -> None:
        """`counts`: what the transports of this node share."""
        self.name, self.node, self.loop = name, node, loop
        self.journal, self.recipients = journal, recipients
        self.protocol_log, self.session_records = protocol_log, session_records
        self.credentials, self.pick_ups, self.references = credentials, pick_ups, references
        self.in_force: InForce | None = None
        self.traffic, self.names = Traffic(), Names()
        self.unknown_recipients = SourceBudget(counts.asked if counts else None, "unknown ")
        self.dns = DnsLookups(loop)
        self.load = ConnectorLoad(counts)
        self.sessions: set[Client] = set()
        self.introductions: dict[Client, None] = {}
        self.shortage = journal.shortage(node)
        self.stopping = self.draining = False

    async def tick(self, now: float) -> None:
        """Once a second: disk space, time-outs, counts. `now` in Unix seconds."""
        self.shortage = self.journal.shortage(self.node)
        self.traffic.book(now)
        self.names.book(now)
        moment = self.loop.time()
        due = [session for session in self.sessions if session.due <= moment]
        for start in range(0, len(due), AT_ONCE):
            for session in due[start : start + AT_ONCE]:
                session.check_time(self.loop.time())
            await asyncio.sleep(0)

    def stop(self) -> None:
        """Ask every session to end: those that wait for the client at once, unless they have just come or are in the
        middle of a message, the others after their reply. To be called again until none is left.
        """
        self.stopping = True
        self.end_sessions()

    def end_sessions(self) -> None:
        """Those that wait for the client."""
        for session in list(self.sessions):
            session.stop()
