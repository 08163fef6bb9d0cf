"""Which connections this process had, to whom, and how much mail each carried: `CONNECTLOGyyyymmdd-nnnn.LOG` below the
data directory of the process that delivers (Exchange reference, section 7.3). A few lines for each connection, written
by a thread of their own.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from transport import node
from transport.log_files import Limits, LogFiles, LogWriter
from transport.trace.connectivity_line import CONNECTIVITY, Entry, carried, lines

LIMITS = Limits(directory_bytes=1000 << 20)
_DESTINATION: ContextVar[str] = ContextVar("destination", default="")

log = logging.getLogger(__name__)


def _of_environment() -> Path:
    return node.home() / "connectivity-log" / node.name()


folder: Callable[[], Path] = _of_environment
"""Where the files are. Whoever starts delivery may know it otherwise."""


@cache
def writer() -> LogWriter[Entry] | None:
    """The files of this process; None, which is said once, where there can be none: mail goes on."""
    try:
        return LogWriter(LogFiles(folder(), CONNECTIVITY, LIMITS), lines, "connectivity log")
    except OSError as error:
        log.error("connectivity log: %s", error)
        return None


@contextmanager
def towards(destination: str) -> Iterator[None]:
    """Meanwhile the connections of this thread lead to a next hop of this name."""
    token = _DESTINATION.set(destination)
    try:
        yield
    finally:
        _DESTINATION.reset(token)


class Connectivity:
    """What the log has of one connection. `description`: what it begins with."""

    __slots__ = ("_messages", "_octets", "_open", "_whose")

    def __init__(self, session_id: str, source: str, destination: str, description: str = "") -> None:
        """`destination`: where no other is named by `towards`."""
        self._whose = session_id, source, _DESTINATION.get() or destination
        self._messages = self._octets = 0
        self._open = True
        self._add("+", description)

    def tells(self, description: str) -> None:
        """`>`: how it went on."""
        self._add(">", description)

    def took(self, octets: int) -> None:
        """A message of so many octets was handed over."""
        self._messages += 1
        self._octets += octets

    def ended(self, words: str = "") -> None:
        """`-`: it is over; `words` say why, if it did not end as it should. Only the first time counts."""
        if self._open:
            self._open = False
            self._add("-", carried(self._messages, self._octets, words))

    def _add(self, direction: str, description: str) -> None:
        if (to := writer()) is not None:
            to.add((time.time(), *self._whose, direction, description))
