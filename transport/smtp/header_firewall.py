"""The header firewall: header fields that a client may only hand in with the right for them.

Source: Exchange reference, section 9.3.
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


_NAMES = {
    HeaderKind.ROUTING: rb"received|resent-[!-9;-~]+",
    HeaderKind.ORGANIZATION: rb"x-ms-exchange-organization-[!-9;-~]+",
    HeaderKind.FOREST: rb"x-ms-exchange-forest-[!-9;-~]+",
}
_STARTS = {
    b"received": HeaderKind.ROUTING,
    b"resent-": HeaderKind.ROUTING,
    b"x-ms-exchange-organization-": HeaderKind.ORGANIZATION,
    b"x-ms-exchange-forest-": HeaderKind.FOREST,
}
_FIELDS = {
    kind: re.compile(rb"^(?:" + name + rb")[ \t]*:.*(?:\n|\Z)(?:[ \t].*(?:\n|\Z))*", re.IGNORECASE | re.MULTILINE)
    for kind, name in _NAMES.items()
}


def without(head: bytes, kinds: frozenset[HeaderKind]) -> bytes:
    """The header block without the fields of these kinds, folded lines included; untouched when there are none."""
    names = head.lower()
    for start, field in _fields(kinds):
        if names.find(start) >= 0:  # hardly a message has one, and to look closely is slow
            head = field.sub(b"", head)
    return head


@cache
def _fields(kinds: frozenset[HeaderKind]) -> list[tuple[bytes, re.Pattern[bytes]]]:
    return [(start, _FIELDS[kind]) for start, kind in _STARTS.items() if kind in kinds]
