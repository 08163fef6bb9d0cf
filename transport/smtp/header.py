"""Where a message's header ends, and what stands in it: decided once, before anybody looks (RFC 5322 §2.1, §2.2).

Servers read a malformed header each in its own way. So that all of them read what we judged, what is malformed is
written anew as we read it: CRLF, LF and CR each end a line (as does CR CR LF, of software that ends its lines twice);
the header ends at the first empty line, or before the first line that neither is a field nor goes on with one. A mbox
line (`From …`) in front of fields is no part of the message, NUL no part of a header. What stood behind a bare CR and
is no field stays in the field in which it stood; what goes on with a field that never came, in front of fields, becomes
a comment. A header that is well formed stays as it is, octet for octet.

A bare CR is not refused: printers and scripts send it in subjects, and mended it harms nobody.
"""

from __future__ import annotations

import re

import msgspec

from transport.config import bounds

Buffer = bytes | bytearray

_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
_FIELDS = re.compile(rb"(?:[!-9;-~]+[ \t]*:.*\r\n(?:[ \t].*\r\n)*)+\r\n")
_LINE = re.compile(rb"([^\r\n]*)(\r+\n|\r|\n|\Z)")
_COMMENT = re.compile(rb"(?:[ \t][^\r\n]*(?:\r+\n|\r|\n))+[!-9;-~]+[ \t]*:")
_MBOX = re.compile(rb">*From ")
_BLANK = b" \t"
MOST_LINES = bounds.HEADER.lines or 0


class Header(msgspec.Struct, frozen=True):
    """`text` is the header with its empty line, as it is judged and sent; it stands for the first `octets` of the
    content. `complete` is False when it did not end within the limit.
    """

    text: bytes
    octets: int
    complete: bool = True


def header(content: Buffer, limit: int) -> Header:
    """The header of a message of which `content` is all, or more than its first `limit` octets."""
    end = content.find(b"\r\n\r\n", 0, limit) + 4
    text = bytes(content[:end])
    lines = text.count(b"\n")
    if lines == text.count(b"\r") and b"\0" not in text and lines <= MOST_LINES + 1 and _FIELDS.fullmatch(text):
        return Header(text, end)
    return _read(content, limit)


def without_empty_line(text: bytes) -> bytes:
    """The fields of a header alone."""
    return text[:-2] if text.endswith(b"\r\n\r\n") or text == b"\r\n" else text


def _read(content: Buffer, limit: int) -> Header:
    lines: list[bytes] = []
    at, size, behind_bare_cr = _behind_mbox_line(content, limit), len(content), False
    while at < min(limit, size) and len(lines) <= MOST_LINES:
        found = _LINE.match(content, at, limit)
        assert found is not None
        line, end = found[1].replace(b"\0", b""), found[2]
        if found.end() == limit < size and not end.endswith(b"\n") and (lines or not line or _FIELD.match(content, at)):
            break  # nobody knows yet how this line goes on, but that it is part of a header
        if not line:
            return Header(_joined(lines) + b"\r\n", found.end())
        if not lines and _COMMENT.match(content, at, limit):
            line = b"Comments:" + line
        elif not _FIELD.match(line) and not (lines and line[0] in _BLANK):
            if not (lines and behind_bare_cr):
                return Header(_joined(lines) + b"\r\n", at)
            line = b" " + line
        lines.append(line)
        at, behind_bare_cr = found.end(), end == b"\r"
    return Header(_joined(lines), at, complete=at >= size and len(lines) <= MOST_LINES)


def _joined(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\r\n" for line in lines)


def _behind_mbox_line(content: Buffer, limit: int) -> int:
    """Where the first field stands behind a mbox line; 0 when none does, and that line is text."""
    if not _MBOX.match(content, 0, limit):
        return 0
    line = _LINE.match(content, 0, limit)
    return line.end() if line and _FIELD.match(content, line.end(), limit) else 0
