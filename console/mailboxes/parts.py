"""The parts of a message (RFC 2046), found by where they begin and end; nothing is copied before it is asked for.

Each level is looked through once, and there are few levels: the work is linear in the octets. Nothing raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from console.mailboxes import header, transfer
from transport.config import bounds

_MOST = bounds.MESSAGE_PARTS.lines or 0
_DEEPEST = bounds.MESSAGE_LEVELS.lines or 0
_REST_OF_LINE = re.compile(rb"[ \t]*" + header.LINE_END)
# Where the boundary is missing, or is another one than the field says: a line like one, and a part's header under it.
_LIKE_A_DELIMITER = re.compile(rb"[\r\n]--([^\s][^\r\n]{0,69}?)[ \t]*" + header.LINE_END + rb"Content-", re.IGNORECASE)


@dataclass
class Part:
    """`number` counts from the outside in; `start` and `end` are those of its body. `kind` is the media type."""

    number: int
    content: bytes
    start: int
    end: int
    fields: header.Fields
    kind: str
    parameters: dict[str, str]
    children: list[Part] = field(default_factory=list)

    @property
    def maintype(self) -> str:
        return self.kind.partition("/")[0]

    @property
    def payload(self) -> bytes:
        """The decoded content; of an attached message its source."""
        encoding = transfer.encoding(header.first(self.fields, "content-transfer-encoding"))
        return transfer.decoded(self.content[self.start : self.end], encoding)

    @property
    def disposition(self) -> str:
        return header.parameters(header.first(self.fields, "content-disposition"))[0]

    @property
    def file_name(self) -> str:
        """As the sender wrote it, "" for none. Never a name to store it under."""
        _kind, given = header.parameters(header.first(self.fields, "content-disposition"))
        return given.get("filename", "") or self.parameters.get("name", "")

    def walk(self) -> Iterator[Part]:
        yield self
        for child in self.children:
            yield from child.walk()


def parsed(content: bytes) -> Part:
    """The message as a tree of parts. One of several parts that cannot be found is read as text."""
    return _Reader(content).part(0, len(content), 0, "text/plain")


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content, self.count = content, 0

    def part(self, start: int, end: int, level: int, usual: str) -> Part:
        body = header.body_at(self.content, start, end)
        fields, rest = header.fields(self.content[start:body])
        body = min(body, start + rest)
        kind, parameters = _kind(header.first(fields, "content-type"), usual)
        found = Part(self.count, self.content, body, end, fields, kind, parameters)
        self.count += 1
        if found.maintype == "multipart" and level < _DEEPEST:
            self._divide(found, level)
        return found

    def _divide(self, whole: Part, level: int) -> None:
        usual = "message/rfc822" if whole.kind == "multipart/digest" else "text/plain"
        pieces = self._pieces(whole)
        for start, end in pieces:
            if self.count >= _MOST:
                return
            whole.children.append(self.part(start, end, level + 1, usual))
        if not pieces:
            whole.kind = "text/plain"

    def _pieces(self, whole: Part) -> list[tuple[int, int]]:
        boundary = whole.parameters.get("boundary", "").encode("utf-8", "replace")
        found = self._between(boundary, whole.start, whole.end) if boundary else []
        if not found and (like := _LIKE_A_DELIMITER.search(self.content, max(0, whole.start - 1), whole.end)):
            found = self._between(like[1], whole.start, whole.end)
        return found

    def _between(self, boundary: bytes, start: int, end: int) -> list[tuple[int, int]]:
        """What lies between the delimiter lines. The last one may be missing."""
        delimiter = re.compile(rb"(?:\A|[\r\n])--" + re.escape(boundary) + rb"(--)?[ \t]*(?=[\r\n]|\Z)")
        found: list[tuple[int, int]] = []
        begun = None
        for line in delimiter.finditer(self.content, max(0, start - 1), end):
            if begun is not None:
                found.append((begun, self._without_line_end(begun, line.start())))
            begun = None if line[1] else self._after_line(line.end(), end)
            if line[1] or len(found) >= _MOST:
                break
        return found if begun is None or len(found) >= _MOST else [*found, (begun, end)]

    def _after_line(self, at: int, end: int) -> int:
        found = _REST_OF_LINE.match(self.content, at, end)
        return found.end() if found else at

    def _without_line_end(self, start: int, end: int) -> int:
        """The line end before a delimiter belongs to it (RFC 2046 §5.1.1); `end` is its last octet."""
        before = self.content[max(start, end - 2) : end]
        more = len(before) - len(before.rstrip(b"\r")) if self.content[end : end + 1] == b"\n" else 0
        return max(start, end - more)


def _kind(value: bytes, usual: str) -> tuple[str, dict[str, str]]:
    """The media type. What is no type is text (RFC 2045 §5.2)."""
    kind, parameters = header.parameters(value)
    return (kind if "/" in kind else usual), parameters
