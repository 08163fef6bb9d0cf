"""What a next hop of the tests reads after its 354."""

from __future__ import annotations

from io import BufferedIOBase
from typing import IO


def until_the_dot(file: IO[bytes] | BufferedIOBase) -> bytes | None:
    """The content without its stuffed dots (RFC 5321 §4.5.2); None when the client went away before the end."""
    lines: list[bytes] = []
    while line := file.readline():
        if line == b".\r\n":
            return b"".join(lines)
        lines.append(line.removeprefix(b"."))
    return None
