"""PURE. A line of the protocol log, and what stands in its context: written and read here alone, by the transport, the
forwarder and the console (Exchange reference §7.1).

A file says on top which columns it has; a reader goes by these names, so that files of before a new column stay whole.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from operator import attrgetter
from typing import NamedTuple

import msgspec


class Line(msgspec.Struct, frozen=True):
    """A line as it is read: a field for each column, in their order; column `date-time` is the field `date_time`.

    A new column goes to the end and has a default.
    """

    date_time: str = ""
    connector_id: str = ""
    """`NODE\\Default Frontend NODE`."""
    session_id: str = ""
    sequence_number: str = ""
    local_endpoint: str = ""
    remote_endpoint: str = ""
    event: str = ""
    """`+` connected, `-` disconnected, `<` received, `>` sent, `*` information."""
    data: str = ""
    context: str = ""


COLUMNS = tuple(name.replace("_", "-") for name in Line.__struct_fields__)
OF_SESSION = ("connector_id", "session_id", "sequence_number", "local_endpoint", "remote_endpoint")
OF_EVENT = tuple(name for name in Line.__struct_fields__ if name not in OF_SESSION)
"""What differs from line to line: the viewer keeps a list of these values for each, so new ones must go to the end."""
FIELDS = "#Fields: "
_unprintable = re.compile(r"[^ -~]")
_escaped = re.compile(r"\\(?:x([a-f][0-9a-f])|u([0-9a-f]{4})|U(000[0-9a-f]{5}))")


class SessionLines:
    """The lines of one session, numbered: what all of them share is spelled once."""

    __slots__ = ("_head", "_numbers", "_session_id", "_tail")

    def __init__(self, connector_id: str, session_id: str, local_endpoint: str, remote_endpoint: str) -> None:
        self._session_id = session_id
        self._head = f",{field(connector_id)},{field(session_id)},"
        self._tail = f",{field(local_endpoint)},{field(remote_endpoint)},"
        self._numbers = count()

    def going_on(self, connector_id: str, local_endpoint: str, remote_endpoint: str) -> SessionLines:
        """The further lines of the session, once something else is the same for all of them."""
        found = SessionLines(connector_id, self._session_id, local_endpoint, remote_endpoint)
        found._numbers = self._numbers
        return found

    def next(self, date_time: str, event: str, data: str, context: str) -> str:
        """The next line, of values that are fields already."""
        return f"{date_time}{self._head}{next(self._numbers)}{self._tail}{event},{data},{context}\r\n"


Entry = tuple[float, SessionLines, str, str | bytes, bytes, str]
"""When, whose, `+-*<>`, the data, our reply (of `<` and `>`), the context (of that reply where there is one)."""


class Speller:
    """Entries to lines. Most texts come again and again, and many entries share a millisecond."""

    def __init__(self) -> None:
        self._known: dict[str | bytes, str] = {}
        self._millisecond, self._stamp = -1, ""

    def lines(self, entries: list[Entry]) -> str:
        """The lines of the entries, which must come in their order."""
        lines = []
        known = self._known
        for when, session, event, data, wire, context in entries:
            if int(when * 1000) != self._millisecond:
                self._millisecond, self._stamp = int(when * 1000), stamp(when)
            why = field(context) if context else ""
            if wire and event == "<":
                lines.append(session.next(self._stamp, "<", known.get(data) or self._learn(data), ""))
            if wire:
                lines.append(session.next(self._stamp, ">", known.get(wire) or self._learn(wire), why))
            else:
                lines.append(session.next(self._stamp, event, known.get(data) or self._learn(data), why))
        return "".join(lines)

    def _learn(self, data: str | bytes) -> str:
        text = data
        if isinstance(text, bytes):
            text = _reply(text) if text.endswith(b"\r\n") else text.decode("latin-1")
        if len(self._known) > 2000:
            self._known.clear()
        self._known[data] = found = field(text)
        return found


def read(lines: Iterable[str]) -> Iterator[Line]:
    """The lines of a file, or of a part of it behind the file's first lines; what is no line is left out."""
    names = ours = Line.__struct_fields__
    for text in lines:
        if text[:1] == "#":
            if text.startswith(FIELDS):
                names = tuple(text.removeprefix(FIELDS).strip().replace("-", "_").split(","))
            continue
        row = _unquoted(text) if '"' in text else text.split(",")
        if len(row) != len(names):
            continue
        if names == ours:
            yield Line(*row)
        else:
            yield Line(**{name: value for name, value in zip(names, row, strict=True) if name in ours})


def _unquoted(text: str) -> list[str]:
    """Each line for itself: a quote that a torn line leaves open swallows none of the lines behind it."""
    try:
        return next(csv.reader((text,)))
    except csv.Error:  # longer than a field may be
        return []


of_event = attrgetter(*OF_EVENT)


def kept(values: Iterable[object]) -> Line:
    """The line of an event that the viewer has kept: values of `OF_EVENT`, fewer where there were fewer columns."""
    return Line(**dict(zip(OF_EVENT, map(str, values), strict=False)))


def stamp(moment: float) -> str:
    """`yyyy-mm-ddThh:mm:ss.fffZ`, of seconds since 1970."""
    return f"{_second(int(moment))}.{int(moment % 1 * 1000):03d}Z"


@lru_cache(maxsize=16)
def _second(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%S}"


def field(text: str) -> str:
    """One CSV field: control characters and anything outside ASCII are shown escaped, commas and quotes are quoted."""
    if text.isascii() and text.isprintable() and "," not in text and '"' not in text:
        return text
    text = escaped(text)
    return '"' + text.replace('"', '""') + '"' if "," in text or '"' in text else text


def escaped(text: str) -> str:
    """`\\x07`, `\\xfc`, `\\u20ac` for what is no printable ASCII."""
    return _unprintable.sub(lambda found: _escape(ord(found[0])), text)


def _escape(number: int) -> str:
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"


def plain(text: str) -> str:
    """What an administrator wrote, as it was before the log had to be ASCII; control characters stay escaped."""
    text = _escaped.sub(lambda found: chr(int(found[1] or found[2] or found[3], 16)), text)
    return text.encode("utf-8", "replace").decode()


# Of the endpoints, the data and the context


def endpoint(ip: str, port: int) -> str:
    """`192.0.2.7:25`, `[2001:db8::7]:25`."""
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def _reply(wire: bytes) -> str:
    """A reply as the data of its line; of several lines, `250  name Hello [ip] SIZE …`."""
    text = wire[:-2].decode("latin-1")
    return reply(int(text[:3]), "\n".join(line[4:] for line in text.split("\r\n"))) if "\n" in text else text


def reply(code: int, text: str) -> str:
    """The data of a reply, of its code and its text, whose lines are joined by line feeds."""
    return f"{code}  {' '.join(text.split(chr(10)))}" if "\n" in text else f"{code} {text}"


def in_one_line(reply: str) -> str:
    """The data of a reply, as if it had come in one line."""
    return re.sub(r"^(\d{3})  ", r"\1 ", reply)


class Decision(NamedTuple):
    """The context of a refusal: the rule, the revision under which it was decided, and the entry, provider or pattern
    that matched, if the rule has any.
    """

    name: str
    revision: int
    matched: str = ""


def decided_by(rule: str) -> str:
    """What the contexts of all decisions of a rule begin with."""
    return f"{rule}; revision "


def decided(decision: Decision) -> str:
    """The context of a refusal."""
    context = f"{decided_by(decision.name)}{decision.revision}"
    return f"{context}; {decision.matched}" if decision.matched else context


_decision = re.compile(decided_by("([a-z_]+)") + r"(\d+)(?:; (.*))?", re.DOTALL)


def decision(context: str) -> Decision | None:
    """The decision that a context tells of, if it is one."""
    found = _decision.fullmatch(context)
    return Decision(found[1], int(found[2]), plain(found[3] or "")) if found else None


def held(seconds: int) -> str:
    """The data of `*` when a reply is held; the setting that says so is its context."""
    days, rest = divmod(seconds, 86400)
    return f"Tarpit for '{days}.{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}'"


_held = re.compile(r"Tarpit for '(\d+)\.(\d\d):(\d\d):(\d\d)'")


def held_seconds(data: str) -> int | None:
    """For how long a reply is held, if this says it."""
    found = _held.match(data)
    if found is None:
        return None
    days, hours, minutes, seconds = map(int, found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def answered(message: str) -> str:
    """The context of what a next hop says to a message, by the name under which the queue knows it."""
    return f"message {message}"


_answered = re.compile("message ([0-9a-f-]{36})")


def message_of(context: str) -> str:
    """The message that a reply of a next hop answers; empty when it is about none."""
    found = _answered.fullmatch(context)
    return found[1] if found else ""


BY_HEADER, BY_XCLIENT = "PROXY protocol", "XCLIENT"
"""Contexts of `introduced`."""


def introduced(ip: str, port: int, place: tuple[str, int]) -> str:
    """The data of `*` when a load balancer or a mail server, by its address and port, has said who the client is;
    `place` is where it, or the load balancer in front of it, has connected.
    """
    return f"Client named by {endpoint(ip, port)} at {endpoint(*place)}"


_introduced = re.compile(r"Client named by (?:\[(.+?)\]|(.+?)):\d+ at (.+)")


def introduction(data: str) -> tuple[str, str] | None:
    """The address of who has named the client, and where that was, if this says so."""
    found = _introduced.fullmatch(data)
    return (found[1] or found[2], found[3]) if found else None


TLS = "TLS protocol"


def negotiated(version: str, cipher: str) -> str:
    """The data of `*` when TLS begins."""
    return f"{TLS} {version} negotiation succeeded using {cipher}"
