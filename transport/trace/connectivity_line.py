"""PURE. A line of the connectivity log, as Exchange writes it: which connections there were, to whom, and how much mail
each carried (Exchange reference §7.3).
"""

from transport.trace.line import field, stamp
from transport.trace.series import Series

CONNECTIVITY = Series(
    "CONNECTLOG",
    "Transport Connectivity Log",
    ("date-time", "session", "source", "destination", "direction", "description"),
)
SMTP, MAILBOXES = "SMTP", "MapiDelivery"
"""Sources: a connection to a next hop; a batch for mailboxes of this machine, by Exchange's word for it."""

Entry = tuple[float, str, str, str, str, str]
"""When (seconds since 1970), session, source, destination, `+` begun, `>` going on, `-` ended; description."""


def lines(entries: list[Entry]) -> str:
    """The lines of some entries."""
    return "".join(",".join((stamp(when), *map(field, texts))) + "\r\n" for when, *texts in entries)


def carried(messages: int, octets: int, words: str) -> str:
    """The description of an end; `words`: why, where it did not end as it should."""
    return f"Messages: {messages} Bytes: {octets}" + (f" ({words})" if words else "")
