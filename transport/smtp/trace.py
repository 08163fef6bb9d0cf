"""Dates and trace headers: RFC 5321 §4.4, RFC 5322 §3.3."""

from __future__ import annotations

from email.utils import formatdate
from functools import lru_cache


@lru_cache(maxsize=8)
def date(now: int) -> str:
    """Unix seconds as `Sun, 22 Nov 2026 03:10:33 +0000`; the day without a leading zero, as Exchange writes it."""
    text = formatdate(now).replace("-0000", "+0000")
    return text.replace(", 0", ", ", 1)


def received(
    *, helo: str, client: str, described: str, server: str, local: str, protocol: str, identity: str, now: float
) -> bytes:
    """A Received header, folded, with its line ends; every part must be printable ASCII.

    `client` is its address, `described` the comment in which it stands, with or without its name.
    """
    return (
        f"Received: from {helo or f'[{client}]'} ({described}) by {server}\r\n"
        f" ({local}) with {protocol} id {identity}; {date(int(now))}\r\n"
    ).encode("ascii", "replace")
