"""What we say to next hops and what they answer, in Exchange's format (Exchange reference, section 7.1):
`SENDyyyymmdd-nnnn.LOG`, beside the files of the transport.

It lies below the data directory of the process that delivers. The forwarder of that machine loads it, also where no
transport runs beside it.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Protocol

from transport import identity, node
from transport.config import bounds
from transport.config.receive_connector import ProtocolLoggingLevel
from transport.config.send_connector import SendConnector
from transport.deliver.connectivity import Connectivity
from transport.log_files import Limits, LogFiles, LogWriter
from transport.receive.auth import MASK
from transport.send.hosts import Host
from transport.trace.connectivity_line import SMTP
from transport.trace.line import Entry, SessionLines, Speller, endpoint, reply
from transport.trace.series import SEND

HERE = "127.0.0.1"
"""Where a Unix socket is, for a column that holds addresses."""
HIDDEN = MASK.decode()
MOST_LOGGED = bounds.LOGGED_REPLY.octets or 0

log = logging.getLogger(__name__)


def _of_environment() -> Path:
    return node.home() / "protocol-log" / node.name()


folder: Callable[[], Path] = _of_environment
"""Where the files are. Whoever starts delivery may know it otherwise."""


class Listener(Protocol):
    """Who is told the events of a session."""

    def add(self, entry: Entry) -> None: ...


_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def told_to(listener: Listener) -> Iterator[None]:
    """Meanwhile the sessions of this thread are told to a listener, whatever their connector wants in the log."""
    before = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(before)


@cache
def writer() -> LogWriter[Entry] | None:
    """The files of this process; None, which is said once, where there can be none: mail goes on."""
    try:
        return LogWriter(LogFiles(folder(), SEND, Limits()), Speller().lines, "send protocol log")
    except OSError as error:
        log.error("send protocol log: %s", error)
        return None


class SendLog:
    """The events of one session with a next hop. `session_id` is there also where the connector wants no lines, and so
    is what the connectivity log has of it.

    Secrets are never handed over: who signs in gives a line as it may be shown.
    """

    __slots__ = (
        "_begun",
        "_connection",
        "_connector",
        "_host",
        "_lines",
        "_place",
        "_remote",
        "_secrets",
        "_writer",
        "session_id",
    )

    def __init__(self, host: Host, connector: SendConnector) -> None:
        self._begun = time.time()
        self.session_id = identity.session_id(self._begun)
        verbose = connector.protocol_logging_level is ProtocolLoggingLevel.Verbose
        self._writer: Listener | None = _LISTENER.get() or (writer() if verbose else None)
        self._connector, self._host = connector.name, host.label
        port = host.port or connector.port
        self._remote = endpoint(*((HERE, 0) if host.is_socket else (host.address, port)))
        self._place = host.label if host.is_socket else f"{host.label}:{port}"
        self._lines: SessionLines | None = None
        self._secrets: set[str] = set()
        is_mail = _LISTENER.get() is None
        begun = f"Send connector: {connector.name}"
        self._connection = Connectivity(self.session_id, SMTP, host.label, begun) if is_mail else None

    def took(self, octets: int) -> None:
        """The next hop has taken a message of so many octets."""
        if self._connection is not None:
            self._connection.took(octets)

    def connected(self, name: tuple[str, int] | str) -> None:
        """`+`, from our own address and port, or nowhere of a Unix socket. What is said before it is that we tried."""
        if self._connection is not None:
            self._connection.tells(f"Connected to {self._place}")
        if self._writer is not None:
            self._begin("" if isinstance(name, str) else endpoint(*name[:2]))
            self._add("+", "", self._host)

    def failed(self, words: str) -> None:
        """There is no connection."""
        if self._connection is not None:
            self._connection.ended(f"Failed to connect to {self._place}: {words}")
        if self._writer is not None:
            self._begin("")
            self.note(words, "Failed to connect")
            self.closed("Local")

    def _begin(self, local: str) -> None:
        self._lines = SessionLines(self._connector, self.session_id, local, self._remote)
        self._add("*", "attempting to connect", self._host, self._begun)

    def said(self, lines: bytes) -> None:
        """`>`: one or several command lines."""
        if self._lines is not None:
            for line in lines.splitlines():
                self._add(">", line[:MOST_LOGGED])

    def confided(self, line: bytes, secrets: Iterable[str]) -> None:
        """`>`: a line of a sign-in, of which at most the mechanism is shown."""
        words = line.split()
        named = words[:2] if words[:1] == [b"AUTH"] else []
        self._secrets |= {each for each in (*secrets, *(word.decode() for word in words[len(named) :])) if each}
        self.said(b" ".join((*named, MASK) if len(words) > len(named) else named))

    def heard(self, code: int, text: str, about: str = "") -> None:
        """`<`: a reply. `about`: which message it answers."""
        if self._lines is not None:
            self._add(
                "<", f"334 {MASK.decode()}" if code == 334 else self.shown(reply(code, text))[:MOST_LOGGED], about
            )

    def shown(self, text: str) -> str:
        """Without what was confided: a host that repeats it must not put it on our pages."""
        for secret in self._secrets:
            text = text.replace(secret, MASK.decode())
        return text

    def note(self, data: str, context: str = "") -> None:
        """`*`: something worth knowing."""
        if self._lines is not None:
            self._add("*", data, context)

    def closed(self, by: str) -> None:
        """`-`: `by` is Remote or Local. Only the first time counts."""
        if self._connection is not None:
            self._connection.ended("the next hop hung up" if by == "Remote" else "")
        if self._lines is not None:
            self._add("-", "", by)
            self._lines = None

    def _add(self, event: str, data: str | bytes, context: str = "", when: float | None = None) -> None:
        if self._writer is not None and self._lines is not None:
            self._writer.add((when or time.time(), self._lines, event, data, b"", context))
