"""Lines of the protocol log, gathered into sessions as the viewer shows them."""

import csv
import re
from collections.abc import Iterable
from datetime import datetime
from ipaddress import ip_address

import msgspec

MOST_EVENTS = 2000
MOST_RECIPIENTS = 200
MOST_SEARCHED = 4000
QUEUED = " Queued mail for delivery"
_path = re.compile(r"(?:mail from|rcpt to):\s*<?([^>\s]*)>?", re.IGNORECASE)
_revision = re.compile(r"[a-z_]+; revision (\d+)")


class Session(msgspec.Struct):
    """What some lines of one session add to it. Fields as in the table `tracking_session`."""

    session_id: str
    connector: str
    local_endpoint: str
    remote_address: str
    remote_port: int
    started_at: datetime
    helo: str = ""
    sender: str = ""
    recipients: list[str] = []
    accepted: int = 0
    refused: int = 0
    tls: bool = False
    revision: int | None = None
    ended_at: datetime | None = None
    events: list[tuple[str, str, str, str]] = []
    search: list[str] = []

    def add(self, time: str, event: str, data: str, context: str) -> None:
        """One line's event."""
        if len(self.events) < MOST_EVENTS:
            self.events.append((time, event, data, context))
        if event == "<":
            self._command(data)
        elif event == ">":
            self._reply(data, context)
        elif event == "*":
            self.tls = self.tls or data.startswith("TLS protocol")
        elif event == "-":
            self.ended_at = _time(time)

    def _command(self, line: str) -> None:
        verb = line[:4].lower()
        if verb in ("ehlo", "helo"):
            self.helo = line[5:].strip()
        elif verb in ("mail", "rcpt"):
            found = _path.match(line)
            address = found[1] if found else ""
            if verb == "mail":
                self.sender = address
            elif address and len(self.recipients) < MOST_RECIPIENTS:
                self.recipients.append(address)
        self.search.append(line)

    def _reply(self, line: str, context: str) -> None:
        if line.endswith(QUEUED):
            self.accepted += 1
        if line[:1] in ("4", "5"):
            self.refused += 1
            self.search.append(f"{line} {context}")
        found = _revision.match(context)
        if found:
            self.revision = int(found[1])

    @property
    def searched(self) -> str:
        """In lower case, what a text search should find."""
        words = " ".join([self.session_id, self.remote_address, self.connector, *self.search])
        return words.lower()[:MOST_SEARCHED].replace("\0", "?")


def gather(lines: Iterable[str]) -> list[Session]:
    """The sessions of some lines, in order of appearance. Lines that are no events are left out."""
    sessions: dict[str, Session] = {}
    for row in csv.reader(line for line in lines if not line.startswith("#")):
        if len(row) != 9:
            continue
        time, connector, session_id, _, local, remote, event, data, context = row
        session = sessions.get(session_id)
        if session is None:
            try:
                session = sessions[session_id] = _begun(time, connector, session_id, local, remote)
            except ValueError:
                continue
        session.add(time, event, data, context)
    return list(sessions.values())


def _begun(time: str, connector: str, session_id: str, local: str, remote: str) -> Session:
    address, _, port = remote.rpartition(":")
    plain = str(ip_address(address.strip("[]").partition("%")[0]))
    name = connector.partition("\\")[2] or connector
    return Session(session_id, name, local, plain, int(port), _time(time))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
