"""A reply as a value that cannot contradict itself."""

from __future__ import annotations

import re

import msgspec

_STATUS = re.compile(rb"^(\d{3}[ -])\d\.\d{1,3}\.\d{1,3} ", re.MULTILINE)
EXCHANGES_OWN = {(451, "5.7.3")}
"""Pairs of code and status that Exchange sends against RFC 3463, kept because clients know them."""

LONGEST_LINE = 512


class Reply(msgspec.Struct, frozen=True):
    """One SMTP reply. `status` is the enhanced code without blanks (`2.1.0`) or empty; `wire` is what goes out, whole;
    `source` says where the text is from (see `replies`), empty when it is made for one occasion.

    Raises ValueError when the classes of code and status differ or a line cannot stand on the wire
    (RFC 5321 §4.2, RFC 3463 §2).
    """

    code: int
    status: str
    lines: tuple[str, ...]
    wire: bytes
    source: str = ""

    def __post_init__(self) -> None:
        if self.status and self.status[0] != str(self.code)[0] and (self.code, self.status) not in EXCHANGES_OWN:
            raise ValueError(f"{self.code} cannot go with {self.status}")
        text = "".join(self.lines)
        if not self.lines or not (text.isascii() and text.isprintable()):
            raise ValueError("a reply consists of printable ASCII lines")

    @property
    def text(self) -> str:
        """The reply as the protocol log shows it, lines joined by line feeds."""
        return self.wire[:-2].decode("ascii").replace("\r\n", "\n")

    @property
    def plain_wire(self) -> bytes:
        """What goes out when enhanced status codes are switched off (RFC 2034 §4)."""
        return _STATUS.sub(rb"\1", self.wire) if self.status else self.wire

    def ending_with(self, words: str) -> Reply:
        """The same, its last line followed by these words of ASCII if they have room (RFC 5321 §4.5.3.1.5)."""
        if len(self.wire) - self.wire.rfind(b"\n", 0, -1) + len(words) > LONGEST_LINE:
            return self
        lines = (*self.lines[:-1], f"{self.lines[-1]} {words}")
        return Reply(self.code, self.status, lines, b"%b %b\r\n" % (self.wire[:-2], words.encode("ascii")))


def reply(code: int, status: str, *lines: str, source: str = "") -> Reply:
    """Builds a reply; with several lines every one carries code and status (RFC 2034 §4)."""
    prefix = f"{status} " if status else ""
    *first, last = lines or ("",)
    text = "".join([f"{code}-{prefix}{line}\r\n" for line in first]) + f"{code} {prefix}{last}\r\n"
    return Reply(code, status, lines, text.encode("ascii", "replace"), source)
