"""What a host offers: its answer to EHLO (RFC 5321 §4.1.1.1)."""

from __future__ import annotations

import msgspec

from transport.send import remote_reply


class Extensions(msgspec.Struct, frozen=True):
    """`names` in lower case; `size_limit` in octets, 0 when the host names none (RFC 1870); `mechanisms` by which one
    may sign in, in upper case (RFC 4954 §3).
    """

    names: frozenset[str] = frozenset()
    size_limit: int = 0
    mechanisms: frozenset[str] = frozenset()

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
    lines = text.split("\n")[1:]
    found = {line.partition(" ")[0].lower(): line.partition(" ")[2] for line in lines}
    return Extensions(frozenset(found), remote_reply.size_limit(found.get("size", "")), _mechanisms(lines))


def _mechanisms(lines: list[str]) -> frozenset[str]:
    """Old servers write AUTH=, some beside the form that RFC 4954 has."""
    return frozenset(
        word for line in lines if line[:5].upper() in ("AUTH ", "AUTH=") for word in line[5:].upper().split()
    )
