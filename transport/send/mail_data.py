"""A message as it must stand on the wire: CRLF line ends only, leading dots doubled, ended once (RFC 5321 §4.5.2).

A bare CR or LF in what we stored becomes CRLF *before* dots are doubled: a peer that takes a bare LF for a line end
must not find the end of the message, and a command behind it, where we see none (SMTP smuggling).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

LONGEST_LINE = 998
"""Octets without the line end: RFC 5321 §4.5.3.1.6."""
_LINE_END = re.compile(rb"\r\n|\r|\n")
_DOTTED = re.compile(rb"\r\n\.")
END = b".\r\n"


class MailDataEncoder:
    """Encodes one message, given in pieces of any size, for DATA. One that `stands` needs its end only."""

    def __init__(self, stands: bool = False) -> None:
        self._stands = stands
        self._line_start = True
        self._held_cr = False

    def encode(self, piece: bytes) -> bytes:
        """The wire form of the next piece. A CR at its end waits for what follows it."""
        if self._stands:
            return piece
        if self._held_cr:
            piece, self._held_cr = b"\r" + piece, False
        if piece.endswith(b"\r"):
            piece, self._held_cr = piece[:-1], True
        if not piece:
            return b""
        text = crlf(piece)
        stuffed = text.replace(b"\r\n.", b"\r\n..") if has_dotted_line(text) else text
        if self._line_start and text.startswith(b"."):
            stuffed = b"." + stuffed
        self._line_start = text.endswith(b"\r\n")
        return stuffed

    def finish(self) -> bytes:
        """What is left, and the end of the message."""
        rest = b"\r\n" if self._held_cr or not self._line_start else b""
        self._held_cr, self._line_start = False, True
        return rest + END


def with_crlf(texts: Iterable[bytes]) -> Iterator[bytes]:
    """Every line end as CRLF; none is cut in two."""
    held = b""
    for text in texts:
        text = held + text
        held = b"\r" if text.endswith(b"\r") else b""
        yield crlf(text[: len(text) - len(held)])
    if held:
        yield b"\r\n"


def is_text(pieces: Iterable[bytes]) -> bool:
    """Whether DATA carries it as it is: no NUL, no bare CR or LF, no line over 998 octets."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\r\n")
        if b"\0" in piece or len(rest) > LONGEST_LINE + 1:
            return False
        if any(len(line) > LONGEST_LINE or b"\r" in line or b"\n" in line for line in lines):
            return False
    return len(rest) <= LONGEST_LINE and b"\r" not in rest and b"\n" not in rest


def crlf(text: bytes) -> bytes:
    """`text` with every line end as CRLF. When it is so already it is looked at once."""
    return text if is_crlf(text, list(map(len, text.splitlines()))) else _LINE_END.sub(b"\r\n", text)


def is_crlf(text: bytes, lengths: list[int]) -> bool:
    """Whether all line ends are CRLF, of a text whose lines are of these lengths: what is no line is two octets each.
    To look for the pairs would take twice as long.
    """
    ends = len(lengths) - (not text.endswith((b"\n", b"\r")))
    return sum(lengths) + 2 * max(ends, 0) == len(text)


def has_dotted_line(text: bytes) -> bool:
    """Whether a line but the first begins with a dot. Base64 has none at all, which is found out at once."""
    return b"." in text and _DOTTED.search(text) is not None
