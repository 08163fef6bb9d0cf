"""Lines of the protocol log, gathered into sessions as the viewer shows them.

In a session that we have received, `<` is a client's command and `>` our reply; in one that we have begun to send mail,
`>` is our command and `<` the reply of the next hop.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from ipaddress import ip_address

import msgspec

from transport.trace.line import BY_XCLIENT, TLS, Line, decision, message_of, of_event, plain, read

MOST_EVENTS = 2000
MOST_RECIPIENTS = 200
MOST_SEARCHED = 4000
QUEUED = " Queued mail for delivery"
_path = re.compile(r"(?:mail from|rcpt to):\s*<?([^>\s]*)>?", re.IGNORECASE)


class Direction(Enum):
    """Who began a session: a client, or we."""

    RECEIVE = "receive"
    SEND = "send"


class GatheredSession(msgspec.Struct):
    """What some lines of one session add to it. Fields as in the table `tracking_session`."""

    session_id: str
    connector: str
    local_endpoint: str
    remote_address: str
    remote_port: int
    started_at: datetime
    direction: Direction = Direction.RECEIVE
    helo: str = ""
    """Of a session that we have begun, the next hop's name."""
    sender: str = ""
    recipients: list[str] = []
    accepted: int = 0
    refused: int = 0
    tls: bool = False
    revision: int | None = None
    ended_at: datetime | None = None
    events: list[tuple[str, ...]] = []
    """Of each event the values of `OF_EVENT`."""
    search: list[str] = []

    def add(self, line: Line) -> None:
        """One line's event."""
        if len(self.events) < MOST_EVENTS:
            self.events.append(of_event(line))
        sending = self.direction is Direction.SEND
        if line.event == (">" if sending else "<"):
            self._command(line.data)
        elif line.event in ("<", ">"):
            self._reply(line.data, line.context)
        elif line.event == "*":
            if line.context == BY_XCLIENT:
                self._becomes(line)
            self.tls = self.tls or line.data.startswith(TLS)
            self.search += [line.data] * sending
        elif line.event == "+" and sending:
            self.helo = line.context
            self.search.append(line.context)
        elif line.event == "-":
            self.ended_at = _time(line.date_time)

    def _becomes(self, line: Line) -> None:
        """The session of the client that is named."""
        self.connector, self.local_endpoint, self.remote_address, self.remote_port = _ends(line, self.direction)

    def _command(self, line: str) -> None:
        verb = line[:4].lower()
        if verb in ("ehlo", "helo"):
            self.helo = self.helo if self.direction is Direction.SEND else line[5:].strip()
        elif verb in ("mail", "rcpt"):
            found = _path.match(line)
            address = found[1] if found else ""
            if verb == "mail":
                self.sender = address
            elif address and len(self.recipients) < MOST_RECIPIENTS:
                self.recipients.append(address)
        self.search.append(line)

    def _reply(self, line: str, context: str) -> None:
        if line.endswith(QUEUED) or (line[:1] == "2" and message_of(context)):
            self.accepted += 1
        if line[:1] in ("4", "5"):
            self.refused += 1
            self.search.append(f"{line} {context}")
        found = decision(context)
        if found:
            self.revision = found.revision

    @property
    def searched(self) -> str:
        """In lower case, what a text search should find."""
        words = " ".join([self.session_id, self.remote_address, self.connector, *self.search])
        return words.lower()[:MOST_SEARCHED].replace("\0", "?")


def gather(lines: Iterable[str], direction: Direction = Direction.RECEIVE) -> list[GatheredSession]:
    """The sessions of some lines, in order of appearance. What is no event is left out."""
    sessions: dict[str, GatheredSession] = {}
    for line in read(lines):
        try:
            session = sessions.get(line.session_id)
            if session is None:
                session = sessions[line.session_id] = _begun(line, direction)
            session.add(line)
        except ValueError:
            continue
    return list(sessions.values())


def _begun(line: Line, direction: Direction) -> GatheredSession:
    return GatheredSession(line.session_id, *_ends(line, direction), _time(line.date_time), direction)


def _ends(line: Line, direction: Direction) -> tuple[str, str, str, int]:
    """Connector, local endpoint, remote address and port."""
    address, _, port = line.remote_endpoint.rpartition(":")
    ip = str(ip_address(address.strip("[]").partition("%")[0]))
    bare = line.connector_id.partition("\\")[2] if direction is Direction.RECEIVE else ""
    return plain(bare or line.connector_id), line.local_endpoint, ip, int(port)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
