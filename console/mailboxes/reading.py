"""Messages as people read them: headers decoded, text, HTML, attachments. No input, however broken, raises.

Python's own parser is used in its oldest mode (`compat32`): the newer ones raise on malformed headers.
"""

from __future__ import annotations

import email
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import decode_header
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from html import unescape
from pathlib import Path
from typing import Any

import nh3

HEADER_BYTES = 256 * 1024
SHOWN_BYTES = 25 * 1024 * 1024
TEXT_CHARACTERS = 1_000_000
FIELD_CHARACTERS = 32_000
STAMP = "x-ms-exchange-organization-authas"

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_DIRECTION = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # would turn what stands beside it around
_LINE_END = re.compile(r"<(br|/p|/div|/tr|/li|/h\d)\b[^<>]*>", re.IGNORECASE)


@dataclass(frozen=True)
class Attachment:
    """A part that is not the text. `number` counts the parts of the message; `cid` is its Content-ID."""

    number: int
    name: str
    content_type: str
    size: int
    cid: str = ""


@dataclass(frozen=True)
class Letter:
    """A message, decoded. `truncated` when only its first `SHOWN_BYTES` were read."""

    headers: list[tuple[str, str]]
    text: str
    html: str
    attachments: list[Attachment] = field(default_factory=list)
    truncated: bool = False

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclass(frozen=True)
class Envelope:
    """What a list shows of a message: who sent it, by `From` or else by the envelope. `date` is None
    when the message gives none that can be read; `internal` says that it came in authenticated."""

    sender: str
    sender_address: str
    to: str
    subject: str
    date: datetime | None
    internal: bool = False


def envelope(path: Path) -> Envelope:
    """Reads the header only. Raises OSError."""
    message = _parsed(header_block(path))
    sender = _header(message, "from") or _header(message, "return-path")
    name, address = _safely(lambda: parseaddr(sender), ("", ""))
    date = _safely(lambda: _in_utc(parsedate_to_datetime(_header(message, "date"))), None)
    to, subject = _header(message, "to"), _header(message, "subject")
    internal = _header(message, STAMP) == "Internal"  # the first one is ours: it stands above what was handed in
    return Envelope(name or address or sender, address or sender, to, subject, date, internal)


def header_block(path: Path) -> bytes:
    """The header as it stands, at most `HEADER_BYTES`. Raises OSError."""
    with path.open("rb") as file:
        block = file.read(8192)
        while not _header_end(block) and len(block) < HEADER_BYTES and (more := file.read(32768)):
            block += more
    end = _header_end(block)
    return block[:end] if end else block


def _header_end(block: bytes) -> int:
    found = re.search(rb"\r?\n\r?\n", block)
    return found.end() if found else 0


def letter(path: Path, limit: int = SHOWN_BYTES) -> Letter:
    """The whole message, or of a very large one its first `limit` bytes. Raises OSError."""
    with path.open("rb") as file:
        content = file.read(limit + 1)
    message = _parsed(content[:limit])
    text, html, attachments = _contents(message)
    headers = [(clean(name), _decoded(value)) for name, value in _items(message)]
    return Letter(headers, text or text_of(html), html, attachments, len(content) > limit)


def attachment(path: Path, number: int) -> tuple[str, bytes] | None:
    """(safe name, content) of a part; None when there is none. Raises OSError."""
    message = _parsed(path.read_bytes())
    for at, part in enumerate(_parts(message)):
        if at == number and not _holds_parts(part):
            return _name(part, at), _payload(part)
    return None


def text_of(html: str) -> str:
    """The words of an HTML text; what a search reads and what stands in for a missing plain text."""
    words = nh3.clean(_LINE_END.sub("\n", html), tags=set(), clean_content_tags={"style", "script", "title"})
    return re.sub(r"\n\s*\n+", "\n\n", unescape(words)).strip()


def _contents(message: Message) -> tuple[str, str, list[Attachment]]:
    text = html = ""
    attachments: list[Attachment] = []
    for number, part in enumerate(_parts(message)):
        if _holds_parts(part):
            continue
        kind = _safely(part.get_content_type, "text/plain")
        apart = _safely(part.get_content_disposition, None) == "attachment" or bool(_file_name(part))
        if kind == "text/plain" and not apart:
            text += ("\n\n" if text else "") + _text(part)
        elif kind == "text/html" and not apart and not html:
            html = _text(part)
        else:
            cid = _header(part, "content-id").strip("<>")
            attachments.append(Attachment(number, _name(part, number), kind, len(_payload(part)), cid))
    return text, html, attachments


def _parts(message: Message) -> Iterator[Message]:
    """The parts from the outside in, without those of messages that are attached."""
    yield message
    for part in message.get_payload() if _holds_parts(message) else []:
        yield from _safely(lambda part=part: list(_parts(part)), [])


def _holds_parts(part: Message) -> bool:
    return part.is_multipart() and _safely(part.get_content_maintype, "") != "message"


def _text(part: Message) -> str:
    charset = _safely(part.get_content_charset, None) or "utf-8"
    payload = _payload(part)
    try:
        text = payload.decode(charset, errors="replace")
    except (LookupError, ValueError):
        text = payload.decode("utf-8", errors="replace")
    return clean(text.replace("\r\n", "\n").replace("\r", "\n")[:TEXT_CHARACTERS])


def _payload(part: Message) -> bytes:
    """The decoded content; of an attached message its source."""
    if part.is_multipart():
        return b"".join(_safely(lambda child=child: child.as_bytes(), b"") for child in part.get_payload())
    return _safely(lambda: part.get_payload(decode=True), None) or b""


def _name(part: Message, number: int) -> str:
    """A file name without folders, control characters or leading dots."""
    name = re.split(r"[/\\]", _file_name(part))[-1]
    name = re.sub(r'[\x00-\x1f\x7f<>:"|?*]', "_", name).strip(". ")
    if name:
        return name[-150:]
    subtype = _safely(part.get_content_subtype, "bin")
    extension = {"plain": "txt", "rfc822": "eml", "jpeg": "jpg", "octet-stream": "bin"}.get(subtype, subtype)
    return f"part-{number}.{re.sub(r'[^a-z0-9]', '', extension) or 'bin'}"


def _file_name(part: Message) -> str:
    return _decoded(_safely(part.get_filename, None))


def _parsed(content: bytes) -> Message:
    return _safely(lambda: email.message_from_bytes(content), None) or Message()


def _items(message: Message) -> list[tuple[str, Any]]:
    return _safely(lambda: list(message.raw_items()), [])


def _header(message: Message, name: str) -> str:
    return next((_decoded(value) for key, value in _items(message) if key.lower() == name), "")


def _decoded(value: Any) -> str:
    """A header's text with its encoded words read (RFC 2047), on one line."""
    if value is None:
        return ""
    raw = str(value) if not isinstance(value, str) else value
    raw = raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")[:FIELD_CHARACTERS]
    words = _safely(lambda: "".join(_word(*word) for word in decode_header(raw)), raw)
    return _DIRECTION.sub("", clean(" ".join(words.split())))


def _word(value: bytes | str, charset: str | None) -> str:
    if isinstance(value, str):
        return value
    with suppress(LookupError, ValueError):
        return value.decode(charset or "utf-8", errors="replace")
    return value.decode("utf-8", errors="replace")


def clean(text: str) -> str:
    """Without what no page and no database can hold: control characters become �."""
    return _CONTROL.sub("�", text)


def _in_utc(date: datetime) -> datetime:
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)


def _safely(read: Callable[[], Any], otherwise: Any) -> Any:
    """The standard library raises many things on malformed mail; a reader wants to see the rest of it."""
    try:
        return read()
    except (Exception, RecursionError):
        return otherwise
