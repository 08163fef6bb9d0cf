"""What a host offers: its answer to EHLO (RFC 5321 §4.1.1.1)."""

from __future__ import annotations

import msgspec

from transport.send import remote_reply


class Extensions(msgspec.Struct, frozen=True):
    """`names` in lower case; `size_limit` in octets, 0 when the host names none (RFC 1870)."""

    names: frozenset[str] = frozenset()
    size_limit: int = 0

    def __contains__(self, name: str) -> bool:
        return name in self.names

    @property
    def binary(self) -> bool:
        """RFC 3030: a message as it is, in chunks."""
        return "chunking" in self and "binarymime" in self


NOTHING = Extensions()
"""Of a host that knows HELO alone."""


def offered(text: str) -> Extensions:
    """By the text of a 250, its lines joined by line feeds; the first is a greeting."""
    found = {line.partition(" ")[0].lower(): line.partition(" ")[2] for line in text.split("\n")[1:]}
    return Extensions(frozenset(found), remote_reply.size_limit(found.get("size", "")))
