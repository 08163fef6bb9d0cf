"""Replies out of the octets of a next hop, each within `bounds.NEXT_HOP_REPLY`. Source: RFC 5321 §4.2."""

from __future__ import annotations

from transport.config import bounds
from transport.send import remote_reply

_MOST = bounds.NEXT_HOP_REPLY


class NoReply(ValueError):
    """What came is none, or too long for one; the text says so."""


class ReplyReader:
    """`feed` any octets, then ask for `next` until it is None."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[bytes] = []
        self._octets = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing has come behind the last reply."""
        return not self._rest and not self._lines

    def feed(self, octets: bytes) -> None:
        self._rest += octets

    def next(self) -> tuple[int, str] | None:
        """Code and text of the next reply, its lines joined by line feeds; None until all of it is here.

        Raises NoReply.
        """
        while (end := self._rest.find(b"\n")) >= 0:
            line, self._rest = self._rest[:end], self._rest[end + 1 :]
            self._count(len(line) + 1)
            code = self._take(line)
            if line[3:4] != b"-":
                text = b"\n".join(self._lines).decode("utf-8", "replace")
                self._lines, self._octets = [], 0
                return code, text
        self._count(0)
        return None

    def _count(self, octets: int) -> None:
        self._octets += octets
        if self._octets + (0 if octets else len(self._rest)) > (_MOST.octets or 0):
            raise NoReply(f"a reply of more than {_MOST.octets:,} octets")

    def _take(self, line: bytes) -> int:
        code = int(line[:3]) if line[:3].isdigit() else 0
        if not 200 <= code <= 599:
            text = line[:80].decode("utf-8", "replace")
            raise NoReply(f"what came is no reply: {remote_reply.printable(text)}")
        self._lines.append(line[4:].rstrip(b"\r"))
        if len(self._lines) > (_MOST.lines or 0):
            raise NoReply(f"a reply of more than {_MOST.lines} lines")
        return code
