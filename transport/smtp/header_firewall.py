"""The header firewall: header fields that a client may only hand in, and a next hop only gets, with the right for them.

Source: Exchange reference, sections 8.2 and 9.3.

A loop must end although `Received` fields are taken out: what stays of each is by whom it was, in a field of our own
that no firewall knows, and that counts as a hop like the field whose place it takes.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache


class HeaderKind(StrEnum):
    """What a right lets through: routing (`Received`, `Resent-*`), organization, forest."""

    ROUTING = "routing"
    ORGANIZATION = "organization"
    FOREST = "forest"


OUTWARD = frozenset({HeaderKind.ORGANIZATION, HeaderKind.FOREST})
"""What no Send connector lets out: behind each stands the anonymous principal, whose one right is that of routing."""
HOP = "X-Gatepost-Hop"
_NAMES = {
    HeaderKind.ROUTING: rb"received|resent-[!-9;-~]+",
    HeaderKind.ORGANIZATION: rb"x-ms-exchange-organization-[!-9;-~]+",
    HeaderKind.FOREST: rb"x-ms-exchange-forest-[!-9;-~]+",
}
_STARTS = {
    HeaderKind.ROUTING: (b"received", b"resent-"),
    HeaderKind.ORGANIZATION: (b"x-ms-exchange-",),
    HeaderKind.FOREST: (b"x-ms-exchange-",),
}
_BY = re.compile(rb"[ \t\r\n]by[ \t\r\n]+([0-9A-Za-z.:_\[\]-]{1,255})", re.IGNORECASE)


def without(head: bytes, kinds: frozenset[HeaderKind]) -> bytes:
    """A header, as `header` gives it, without the fields of these kinds, folded lines included; untouched when there
    are none.
    """
    starts, fields = _looked_for(kinds)
    names = head.lower()
    for start in starts:
        if names.find(start) >= 0:  # hardly a message has one, and to look closely is slow
            return fields.sub(_left, b"\n" + head)[1:]
    return head


def _left(field: re.Match[bytes]) -> bytes:
    """What stays of a field."""
    if field[1].lower() != b"received":
        return b""
    return b"\n%s:%s\r" % (HOP.encode(), b"".join(b" by " + name for name in _BY.findall(field[0])) or b" unknown")


@cache
def _looked_for(kinds: frozenset[HeaderKind]) -> tuple[frozenset[bytes], re.Pattern[bytes]]:
    names = b"|".join(_NAMES[kind] for kind in sorted(kinds))
    field = re.compile(rb"\n(" + names + rb")[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE)
    return frozenset(start for kind in kinds for start in _STARTS[kind]), field
