"""The parts of a message, piece by piece, so that one of any size passes through little memory: RFC 2045, RFC 2046."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum, auto
from itertools import chain

import msgspec

from transport.config import bounds
from transport.send.header_form import values
from transport.smtp.header import header

LONGEST_PIECE = 65536
"""Octets of a line that has not ended; beyond that it is looked at in pieces."""
DEEPEST = 100
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
_TYPE = re.compile(rb"[ \t]*([!-.0-~]+)[ \t]*/[ \t]*([!-:<-~]+)")
_BOUNDARY = re.compile(rb';[ \t]*boundary[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))', re.IGNORECASE)
_ENCODING = re.compile(rb"[0-9A-Za-z-]+")


class Unreadable(ValueError):
    """Nobody can tell the parts: they are too many or too deep, or the boundary never comes."""


class Part(msgspec.Struct, frozen=True):
    """A part of a message, the message itself being the first: `number` counts them as their headers come.

    `encoding` is what its Content-Transfer-Encoding says, in lower case, `7bit` when it says nothing. `whole`: it is a
    message, be it one within another. `signed`: it may not be changed (RFC 1847 §2.1).
    """

    number: int
    type: bytes
    encoding: bytes
    boundary: bytes
    whole: bool
    signed: bool

    @property
    def holds_parts(self) -> bool:
        """Whether its text is parts, or another message, and not content."""
        return bool(self.boundary) or self.is_message

    @property
    def is_message(self) -> bool:
        return self.type == b"message/rfc822" and self.encoding in (b"7bit", b"8bit", b"binary")


class Kind(Enum):
    """What a piece of the text is."""

    HEADER = auto()
    CONTENT = auto()
    BOUNDARY = auto()
    BETWEEN = auto()
    """What stands around the parts of a multipart, which nobody reads."""


class Piece(msgspec.Struct, frozen=True):
    """A whole header with its empty line, a boundary with its line end, or some text: lines, or a piece of a line."""

    kind: Kind
    text: bytes
    part: Part


def pieces_of(head: bytes, blocks: Iterable[bytes]) -> Iterator[Piece]:
    """The message cut into its pieces; nothing is left out. Raises Unreadable."""
    return _Walk().pieces(head, blocks)


def blocks_of(texts: Iterable[bytes]) -> Iterator[bytes]:
    """Text, whose line ends are CRLF, in blocks of whole lines; a very long line in several pieces."""
    rest = b""
    for text in texts:
        rest += text
        end = rest.rfind(b"\r\n") + 2
        if end > 1:
            yield rest[:end]
            rest = rest[end:]
        while len(rest) > LONGEST_PIECE:
            yield rest[:LONGEST_PIECE]
            rest = rest[LONGEST_PIECE:]
    if rest:
        yield rest


class _Walk:
    def __init__(self) -> None:
        self._around: list[Part] = []
        self._marks: dict[bytes, int] = {}
        self._number = 0
        self._header: bytearray | None = None  # of a part, as far as it has come
        self._between = False

    def pieces(self, head: bytes, blocks: Iterable[bytes]) -> Iterator[Piece]:
        yield self._begun(head)
        line_start = True
        for block in blocks:
            at = 0
            while at < len(block):
                end = self._end(block, at, line_start)
                yield from self._taken(block[at:end], line_start)
                line_start, at = block[end - 2 : end] == b"\r\n", end
        yield from self._end_of_header()

    def _end(self, block: bytes, at: int, line_start: bool) -> int:
        """Up to where the block is taken together: a line of a header, a boundary, or all text before the next one."""
        if self._header is not None or (line_start and self._is_boundary(block, at)):
            end = block.find(b"\r\n", at)
            return end + 2 if end >= 0 else len(block)
        while (at := block.find(b"\r\n--", at) + 2) > 1:
            if self._is_boundary(block, at):
                return at
        return len(block)

    def _is_boundary(self, block: bytes, at: int) -> bool:
        if not block.startswith(b"--", at):
            return False
        end = block.find(b"\r\n", at)
        return block[at : end if end >= 0 else len(block)].rstrip(b" \t") in self._marks

    def _taken(self, text: bytes, line_start: bool) -> Iterator[Piece]:
        met = self._meets(text) if line_start and text.startswith(b"--") else None
        if met is None:
            yield from self._text(text, line_start)
            return
        yield from self._end_of_header()
        self._part, self._between = met
        self._header = None if self._between else bytearray()
        yield Piece(Kind.BOUNDARY, text, self._part)

    def _text(self, text: bytes, line_start: bool) -> Iterator[Piece]:
        if self._header is None:
            yield Piece(Kind.BETWEEN if self._between else Kind.CONTENT, text, self._part)
        elif line_start and not _goes_on(text, bool(self._header)):
            yield from self._end_of_header()
            yield from self._text(text, line_start)
        else:
            self._header += text
            if len(self._header) > (bounds.PARTS.octets or 0):
                raise Unreadable
            if line_start and text == b"\r\n":
                yield from self._end_of_header()

    def _end_of_header(self) -> Iterator[Piece]:
        if self._header is not None:
            yield self._begun(bytes(self._header))

    def _begun(self, head: bytes) -> Piece:
        part = self._part = _described(head, self._number, self._around)
        self._number += 1
        if self._number > (bounds.PARTS.lines or 0) or len(self._around) > DEEPEST:
            raise Unreadable
        if part.holds_parts:
            self._around.append(part)
            self._mark()
        self._header = bytearray() if part.is_message else None
        self._between = bool(part.boundary)
        return Piece(Kind.HEADER, head, part)

    def _meets(self, line: bytes) -> tuple[Part, bool] | None:
        """The multipart whose boundary this line is, and whether it ends it."""
        text = line.rstrip(b" \t\r\n")
        if text not in self._marks:
            return None
        place = self._marks[text]
        around = self._around[place]
        ends = text != b"--" + around.boundary
        del self._around[place + (not ends) :]
        self._mark()
        return around, ends

    def _mark(self) -> None:
        """The innermost of several that have the same boundary is meant."""
        marked = [(place, b"--" + part.boundary) for place, part in enumerate(self._around) if part.boundary]
        self._marks = {line: place for place, mark in marked for line in (mark, mark + b"--")}


def _goes_on(line: bytes, begun: bool) -> bool:
    """Whether a line is of a header."""
    return line == b"\r\n" or bool(_FIELD.match(line)) or (begun and line[:1] in (b" ", b"\t"))


def _described(head: bytes, number: int, around: list[Part]) -> Part:
    said = next(iter(values(head, b"content-type")), b"")
    found = _TYPE.match(said)
    within = around[-1] if around else None
    usual = b"message/rfc822" if within is not None and within.type == b"multipart/digest" else b"text/plain"
    kind = (found[1] + b"/" + found[2]).lower() if found else usual
    encoding = _ENCODING.match(next(iter(values(head, b"content-transfer-encoding")), b""))
    boundary = _BOUNDARY.search(said) if kind.startswith(b"multipart/") else None
    mark = (boundary[1] or boundary[2] or b"").rstrip() if boundary else b""
    whole = within is None or within.is_message
    return Part(number, kind, encoding[0].lower() if encoding else b"7bit", mark, whole, _is_signed(around))


def _is_signed(around: list[Part]) -> bool:
    """A message that a report gives back is not signed any more: its sender had better read it than check it."""
    types = [part.type for part in around]
    return b"multipart/signed" in types and b"multipart/report" not in types[: types.index(b"multipart/signed")]


def head_and_rest(pieces: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """A message in pieces: its header, as `transport.smtp.header` reads it, and the pieces of what stands behind."""
    waiting = iter(pieces)
    content = next(waiting, b"")
    limit = 2 * (bounds.HEADER.octets or 0)  # room for what we put on top
    while b"\r\n\r\n" not in content and len(content) < limit and (more := next(waiting, b"")):
        content += more
    found = header(content, limit)
    return found.text, chain((content[found.octets :],), waiting)
