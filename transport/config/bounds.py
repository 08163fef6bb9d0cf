"""Everything that a stranger fills: a socket, a file, a reply, a request, a message. One row each: the most octets,
lines and seconds it may take, and what becomes of more. `SECURITY.md` shows the same table.

A limit that an administrator sets is a setting and stands in a settings table; here stands what nobody may exceed.
"""

from __future__ import annotations

import msgspec


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """What one stranger may put in one place. None: not counted there (a DNS answer has no lines)."""

    what: str
    who: str
    octets: int | None = None
    lines: int | None = None
    seconds: float | None = None
    more: str
    """What happens to more than that, in words."""

HEADER = Bound(
    what="the header of a message", who="a client",
    octets=1 << 20, lines=10_000,
    more="552 5.3.4, and the connection is closed; MaxHeaderSize may allow less.",
)  # fmt: skip


REQUEST_TARGET = Bound(
    what="the address in a request to the console", who="a browser without a session",
    octets=8192,
    more="It is answered 414.",
)  # fmt: skip

REQUEST_HEAD = Bound(
    what="the head of a request to the console", who="a browser without a session",
    octets=65536, seconds=10.0,
    more="It is answered 431; one that does not end in time is cut off.",
)  # fmt: skip

STRANGERS_BODY = Bound(
    what="the body of a request to the console without a session", who="a browser without a session",
    octets=1024 * 1024, seconds=30.0,
    more="It is answered 413, or 408 when it takes longer.",
)  # fmt: skip

ADMINISTRATORS_BODY = Bound(
    what="the body of a request to the console", who="somebody who has signed in to the console",
    octets=96 * 1024 * 1024, seconds=900.0,
    more="It is answered 413, or 408 when it takes longer.",
)  # fmt: skip

LOG_EVENT = Bound(
    what="an event in the log of a process", who="whoever can make a process say something",
    octets=800_000, lines=100,
    more="The end of a line and the beginning of a traceback are left out.",
)  # fmt: skip

SIGN_IN = Bound(
    what="a sign-in that waits for the directory or for a place", who="a client",
    seconds=30.0,
    more="It is told to try again later (454).",
)  # fmt: skip

NEXT_HOP_REPLY = Bound(
    what="a reply of a next hop", who="a next hop",
    octets=65536, lines=100, seconds=600.0,
    more="The connection is closed; the next host is tried.",
)  # fmt: skip

NEXT_HOP_HELLO = Bound(
    what="connecting to a next hop, its greeting, its answers to EHLO and STARTTLS, the handshake", who="a next hop",
    seconds=300.0,
    more="The connection is closed; the next host is tried.",
)  # fmt: skip

NEXT_HOP_ATTEMPT = Bound(
    what="an attempt to hand one message to the hosts of a next hop, one after the other", who="a next hop",
    seconds=3600.0,
    more="The connection is closed; the message waits for its next attempt.",
)  # fmt: skip

HOST_LIST = Bound(
    what="the hosts of a next hop in DNS: MX records, and addresses of each host", who="the owner of a domain",
    lines=20, seconds=60.0,
    more="The hosts of worse preference are left out; five addresses at most are tried in one attempt.",
)  # fmt: skip


def rows() -> dict[str, Bound]:
    """Every row by its name here."""
    return {name: row for name, row in globals().items() if isinstance(row, Bound)}
