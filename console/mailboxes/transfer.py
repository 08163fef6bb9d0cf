"""Content transfer encodings (RFC 2045 §6), as sloppily as they are written. Linear, and nothing raises."""

from __future__ import annotations

import binascii
import re
from contextlib import suppress

from transport.config import bounds

ENCODINGS = ("quotedprintable", "base64", "uue")

_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
_PADDING = re.compile(rb"=[=\s]*")
_BEGIN = re.compile(rb"(?:\A|(?<=[\r\n]))begin [0-7]{3,4} [^\r\n]*(?:\r?\n|\r|\Z)")
_BARE_CR = re.compile(rb"\r(?!\n)")
_SOFT_BREAK = re.compile(rb"=[ \t]+(?=\r?\n)")  # blanks that a server put at the end of the line do not count


def encoding(value: bytes) -> str:
    """The encoding that a field names, "" for none: `Quoted-Printable;`, `base64 (RFC 2045)`, `base 64` are written."""
    named = re.sub(rb"\([^()]*\)|[^a-z0-9]", b"", value[:200].lower()).removeprefix(b"x").decode()
    return next((name for name in ENCODINGS if named.startswith(name)), "")


def decoded(octets: bytes, encoding: str) -> bytes:
    """The content itself. An unknown encoding changes nothing."""
    match encoding:
        case "quotedprintable":
            return binascii.a2b_qp(_SOFT_BREAK.sub(b"=", _BARE_CR.sub(b"\n", octets)))
        case "base64":
            return base64(octets)
        case "uue":
            return _uudecoded(octets)
        case _:
            return octets


def unpadded(octets: bytes) -> bytes:
    """Only what counts in Base64 (RFC 2045 §6.8)."""
    return octets.translate(None, _NOT_BASE64)


def base64(octets: bytes) -> bytes:
    """What can be read of it. Behind a padding more of it may follow, but not what a mailing list wrote under it."""
    found: list[bytes] = []
    at = 0
    while at < len(octets) and len(found) < (bounds.MESSAGE_PARTS.lines or 0):
        padding = _PADDING.search(octets, at)
        end, after = padding.span() if padding else (len(octets), len(octets))
        section = octets[at:end].strip()
        if at and len(unpadded(section)) + section.count(b"\n") + section.count(b"\r") < len(section):
            break
        kept = unpadded(section)
        kept = kept[: len(kept) - (len(kept) % 4 == 1)]
        found.append(binascii.a2b_base64(kept + b"=" * (-len(kept) % 4)))
        at = after
    return b"".join(found)


def _uudecoded(octets: bytes) -> bytes:
    begin = _BEGIN.search(octets)
    if begin is None:
        return octets
    found = []
    for line in re.split(rb"[\r\n]+", octets[begin.end() :]):
        if line == b"end":
            break
        found.append(_uudecoded_line(line))
    return b"".join(found)


def _uudecoded_line(line: bytes) -> bytes:
    """Some writers put more at the end of a line than its first octet says, others leave out the blanks there."""
    if not line:
        return b""
    wanted = ((line[0] - 32) & 63) * 4 // 3
    with suppress(binascii.Error):
        return binascii.a2b_uu(line[: 1 + (wanted + 3) // 4 * 4])
    return b""
