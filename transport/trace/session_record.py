"""PURE. The record that each session of a client leaves, whatever its connector logs: what a replay has to know.

A line of `SESS….LOG` is one session in JSON, an array with the fields of `SessionRecord` in their order; the time of
its end comes first. What a client says to prove itself is masked, as in the protocol log; of a message there is no more
than its size, its hops and whom it names as authors.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from math import isfinite, nan

import msgspec

from transport.trace.series import Series

RECORD = Series("SESS", "Session Records", ("session",))
MOST_TEXT = 320
"""Characters of a reply, of a name, of an author."""
MOST_NAMES = 20
_beyond_ascii = re.compile("[^\x00-\x7f]")


class Step(msgspec.Struct, frozen=True, array_like=True):
    """What a client said, in Latin-1 and without CRLF (empty: its connection, a message, or its silence), the code of
    the reply, the rule that decided, if any, and the reply where it refuses; `cause` is the rule of the last error
    where a limit of errors decided.
    """

    said: str
    code: int
    rule: str = ""
    reply: str = ""
    cause: str = ""


class Mail(msgspec.Struct, frozen=True, array_like=True):
    """A message that came: octets in all and of its header (of one that did not end within the limit, the limit; 0 for
    one that was not read), whether it ended, whether there were bare line feeds (None: nobody looked), its hops, those
    that were ours, and the values of its From fields.
    """

    size: int
    header: int
    header_complete: bool = True
    bare_line_feeds: bool | None = None
    hops: int = 0
    local_hops: int = 0
    authors: list[str] = []


class Dns(msgspec.Struct, frozen=True, array_like=True):
    """What DNS said of the client: of each list that was asked its answers; and the name, empty when there is none,
    with whether that has the client's address, None where nobody asked for it.
    """

    lists: dict[str, list[str]] = {}
    name: tuple[str, bool] | None = None


class SessionRecord(msgspec.Struct, frozen=True, array_like=True):
    """Times in Unix seconds. `certificates`: the names in the client's trusted certificate, for each handshake; `users`
    whose password was right, one after the other; `more`: how many answers are not kept, behind those that are;
    `front_end`: the load balancer that named the client, as address, port, and the address and port to which it came.
    """

    ended: float
    began: float
    session_id: str
    connector: str
    local: tuple[str, int]
    client: str
    revision: int
    steps: list[Step]
    certificates: list[list[str]] = []
    users: list[str] = []
    mails: list[Mail] = []
    dns: Dns = Dns()
    more: int = 0
    front_end: tuple[str, int, str, int] | None = None


def written(record: SessionRecord) -> str:
    """Its line, in ASCII."""
    text = msgspec.json.encode(record).decode()
    if not text.isascii():
        text = _beyond_ascii.sub(_escape, text)
    return f"{text}\r\n"


def _escape(found: re.Match[str]) -> str:
    """As JSON has it: beyond the basic plane two (RFC 8259 §7)."""
    number = ord(found[0])
    if number < 0x10000:
        return f"\\u{number:04x}"
    return f"\\u{0xD7C0 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"


_decoder = msgspec.json.Decoder(SessionRecord)


def read(lines: Iterable[bytes]) -> Iterator[SessionRecord]:
    """The records of a file, or of a part of it; what is none is left out."""
    for line in lines:
        try:
            yield _decoder.decode(line)
        except msgspec.DecodeError:
            continue


def ended(line: bytes) -> float | None:
    """When the session of a line ended; None for a line that is no record."""
    try:
        moment = float(line[1 : line.index(b",")]) if line[:1] == b"[" else nan
    except ValueError:
        return None
    return moment if isfinite(moment) else None
