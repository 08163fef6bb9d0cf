"""A header as every server takes it: lines of at most 998 octets (RFC 5322 §2.1.1), and in ASCII where it must be."""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Iterator
from urllib.parse import quote

from transport.send.mail_data import LONGEST_LINE
from transport.smtp.mail_data import guessed

_FIELD = re.compile(rb"^([!-9;-~]+)([ \t]*:)([^\n]*(?:\n[ \t][^\n]*)*\n?)", re.MULTILINE)
_ADDRESSES = re.compile(rb"(?:resent-)?(?:from|to|cc|bcc|sender|reply-to)|disposition-notification-to", re.IGNORECASE)
_PARAMETERS = re.compile(rb"content-[!-9;-~]+", re.IGNORECASE)
_WORDS = re.compile(r"(?<!\S)[^\s]*[^\x00-\x7f\s][^\s]*(?:\s+[^\s]*[^\x00-\x7f\s][^\s]*)*")
_PHRASES = re.compile(
    r'"(?P<quoted>(?:[^"\\]|\\.)*)"|\((?P<comment>[^()]*)\)|(?P<address><[^<>]*>|[^\s"(),:;<>]*@[^\s"(),:;<>]*)'
    r'|(?P<words>[^\s"(),:;<>@]+(?:[ \t]+[^\s"(),:;<>@]+)*(?![^\s"(),:;<>]))'
)
_PARAMETER = re.compile(r'(?<![!-:<>-~])([!-:<>-~]+)[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^\s;"]+)')
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_ESCAPED = re.compile(r"\\(.)")
_LONGEST_PIECE = 42
"""Octets of text of an encoded word, which has at most 75 characters: RFC 2047 §2."""


def short_lines(head: bytes) -> bytes:
    """The header with every line over 998 octets folded: at a blank, and only where there is none by putting one in."""
    return b"".join(map(_folded, head.splitlines(keepends=True))) if _is_long(head) else head


def in_ascii(head: bytes) -> bytes:
    """The header with encoded words (RFC 2047) and extended parameters (RFC 2231) in place of other characters; an
    address that is not ASCII has question marks.
    """
    return head if head.isascii() else _FIELD.sub(_field_in_ascii, head)


def with_field(head: bytes, name: str, value: str) -> bytes:
    """The header of a message or part with this field once, in its place or at its end."""
    line = f"{name}: {value}\r\n".encode()
    field = re.compile(rb"\n" + re.escape(name.encode()) + rb"[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*(?=\n)", re.IGNORECASE)
    found = field.search(b"\n" + head)
    if found is None:
        return head.removesuffix(b"\r\n") + line + b"\r\n" if head.endswith(b"\r\n\r\n") else line + head
    start, end = found.start(), found.end()
    return head[:start] + line + field.sub(b"", b"\n" + head[end:])[1:]


def values(head: bytes, name: bytes) -> list[bytes]:
    """What fields of this name (in lower case) say, unfolded."""
    return [found[3].replace(b"\r\n", b"").strip() for found in _FIELD.finditer(head) if found[1].lower() == name]


def _is_long(head: bytes) -> bool:
    return any(len(line) > LONGEST_LINE + 2 for line in head.split(b"\n"))


def _folded(line: bytes) -> bytes:
    pieces = []
    while len(line) > LONGEST_LINE + 2:
        cut = max(line.rfind(b" ", 1, LONGEST_LINE), line.rfind(b"\t", 1, LONGEST_LINE))
        if cut <= 0 or line[:cut].strip()[-1:] in (b"", b":"):
            cut = _between_characters(line, LONGEST_LINE)
            line = line[:cut] + b" " + line[cut:]
        pieces.append(line[:cut] + b"\r\n")
        line = line[cut:]
    return b"".join([*pieces, line])


def _between_characters(line: bytes, cut: int) -> int:
    """The place before `cut` at which no character of UTF-8 is cut."""
    while cut > LONGEST_LINE - 4 and line[cut] & 0xC0 == 0x80:
        cut -= 1
    return cut


def _field_in_ascii(field: re.Match[bytes]) -> bytes:
    if field[0].isascii():
        return field[0]
    text = guessed(field[3].replace(b"\r\n", b""))
    if _ADDRESSES.fullmatch(field[1]):
        text = _PHRASES.sub(_phrase_in_ascii, text)
    elif _PARAMETERS.fullmatch(field[1]):
        text = _PARAMETER.sub(_parameter_in_ascii, text)
    else:
        text = _WORDS.sub(lambda found: encoded_words(found[0]), text)
    return field[1] + field[2] + _NOT_ASCII.sub("?", text).encode() + b"\r\n"


def _phrase_in_ascii(found: re.Match[str]) -> str:
    if found[0].isascii() or found["address"] is not None:
        return found[0]
    if found["comment"] is not None:
        return f"({encoded_words(found['comment'])})"
    return encoded_words(found["words"] or _ESCAPED.sub(r"\1", found["quoted"]))


def _parameter_in_ascii(found: re.Match[str]) -> str:
    if found[0].isascii():
        return found[0]
    value = _ESCAPED.sub(r"\1", found[2].removeprefix('"').removesuffix('"'))
    return f"{found[1]}*=utf-8''{quote(value, safe='')}"


def encoded_words(text: str) -> str:
    """RFC 2047 encoded words, each on a line of its own."""
    return "\r\n ".join(map(_encoded_word, _short_pieces(text)))


def _short_pieces(text: str) -> Iterator[str]:
    piece = ""
    for character in text:
        if len((piece + character).encode()) > _LONGEST_PIECE:
            yield piece
            piece = ""
        piece += character
    if piece:
        yield piece


def _encoded_word(text: str) -> str:
    return f"=?utf-8?B?{b2a_base64(text.encode('utf-8', 'replace'), newline=False).decode()}?="
