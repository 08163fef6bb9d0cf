"""Messages as people read them: headers decoded, text, HTML, attachments. No input, however broken, raises.

`envelope` looks at a header only, and the console does it itself. Everything else is done in a child process
(`reader`), which `reading_room` starts: it takes what the sender of a message made it take.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import escape, unescape
from pathlib import Path

from console.mailboxes import header
from console.mailboxes.charsets import codec_of, decoded
from console.mailboxes.parts import Part, parsed
from transport.config import bounds
from transport.receive.data import RESOLVE

STAMP = "x-ms-exchange-organization-authas"
SHOWN = bounds.MESSAGE_SHOWN.octets or 0
TEXT_CHARACTERS = bounds.MESSAGE_TEXT.octets or 0
LONGEST_CHARACTER = 4
USUAL_HEADER = 16 * 1024

clean = header.clean


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
    """A message, decoded. `truncated` when only its first octets were read."""

    headers: list[tuple[str, str]]
    text: str
    html: str
    attachments: list[Attachment] = field(default_factory=list)
    truncated: bool = False

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@dataclass(frozen=True)
class Summary:
    """What a list shows of a message: who sent it, by `From` or else by the envelope. `date` is None
    when the message gives none that can be read; `resolved`: the directory's name is shown for the sender."""

    sender: str
    sender_address: str
    to: str
    subject: str
    date: datetime | None
    resolved: bool = False


def envelope(path: Path) -> Summary:
    """Reads the header only. Raises OSError."""
    fields, _rest = header.fields(header_block(path))
    sender = header.first(fields, "from") or header.first(fields, "return-path")
    name, address = header.mailbox(sender)
    to, subject = header.text(header.first(fields, "to")), header.text(header.first(fields, "subject"))
    date = _date(header.first(fields, "date"))
    return Summary(name or address, address or name, to, subject, date, _is_resolved(fields))


def _is_resolved(fields: header.Fields) -> bool:
    """The first stamp is ours: it stands above the rest."""
    stamps = ((name.lower(), header.text(value)) for name, value in fields if name.lower() in (STAMP, RESOLVE.lower()))
    return next(stamps, None) in ((STAMP, "Internal"), (RESOLVE.lower(), "True"))


def header_block(path: Path) -> bytes:
    """The header as it stands, at most `bounds.MESSAGE_HEADER`. Raises OSError."""
    with path.open("rb") as file:
        block = file.read(USUAL_HEADER)
        if header.body_at(block, 0, len(block)) == len(block):
            block += file.read(header.MOST - len(block))
    return block[: header.body_at(block, 0, len(block))]


def _date(value: bytes) -> datetime | None:
    with suppress(Exception):  # the standard library raises many things on dates that are none
        date = parsedate_to_datetime(header.text(value[:100]))
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    return None


def opened(path: Path, limit: int = SHOWN) -> tuple[Part, bool]:
    """The parts of a message, and whether only its first `limit` octets were read. Raises OSError."""
    with path.open("rb") as file:
        content = file.read(limit + 1)
    return parsed(content[:limit]), len(content) > limit


def letter(path: Path, limit: int = SHOWN) -> Letter:
    """The whole message, or of a very large one its first `limit` octets. Raises OSError."""
    return letter_of(*opened(path, limit))


def letter_of(message: Part, truncated: bool = False) -> Letter:
    found = _Contents()
    pieces = found.pieces(message)
    headers = [(name, header.text(value)) for name, value in message.fields]
    text = _joined_text(pieces) or _joined_text(found.instead)
    return Letter(headers, text, _joined_html(pieces), found.attachments, truncated)


def attachment(path: Path, number: int) -> tuple[str, bytes] | None:
    """(safe name, content) of a part; None when there is none. Raises OSError."""
    for part in parsed(path.read_bytes()).walk():
        if part.number == number and not part.children:
            return _name(part), part.payload
    return None


def lists(path: Path, words: list[str]) -> bool:
    """Whether what a list shows of the message holds every word, whatever the case. Raises OSError."""
    listed = envelope(path)
    return _hold(words, [listed.sender, listed.sender_address, listed.to, listed.subject])


def matches(path: Path, words: list[str]) -> bool:
    """Whether header, text and names of attachments hold every word, whatever the case. Raises OSError."""
    read = letter(path, bounds.MESSAGE_SEARCHED.octets or 0)
    values = (value for _name, value in read.headers)
    return _hold(words, [*values, read.text, *(each.name for each in read.attachments)])


def _hold(words: list[str], texts: list[str]) -> bool:
    content = "\n".join(texts).lower()
    return all(word.lower() in content for word in words)


@dataclass(frozen=True)
class _Piece:
    """A part of what is read from top to bottom. `aside`: a picture, which makes no HTML message by itself."""

    text: str = ""
    html: str = ""
    aside: bool = False


class _Contents:
    """Sorts the parts of one message into what is read and what is attached. `instead`: text of other kinds, which is
    read as plain text (RFC 2046 §4.1.4) when there is no better one."""

    def __init__(self) -> None:
        self.attachments: list[Attachment] = []
        self.instead: list[_Piece] = []

    def pieces(self, part: Part) -> list[_Piece]:
        if not part.children:
            return self._leaf(part)
        if part.kind == "multipart/related":
            return self._related(part)
        read = [self.pieces(child) for child in part.children]
        return _best(read) if part.kind == "multipart/alternative" else [each for pieces in read for each in pieces]

    def _related(self, part: Part) -> list[_Piece]:
        """Its root is read (RFC 2387 §3.2); the rest belongs into it, but for text that nothing can refer to."""
        start = part.parameters.get("start", "").strip("<> ")
        root = next((child for child in part.children if start and _cid(child) == start), part.children[0])
        found = []
        for child in part.children:
            if child is root or not _cid(child):
                found += self.pieces(child)
            else:
                self._attach(child)
        return [each for each in found if not each.aside]

    def _leaf(self, part: Part) -> list[_Piece]:
        apart = part.disposition == "attachment"
        if part.kind not in ("text/plain", "text/html") or apart:
            if part.maintype == "text" and (part.number == 0 or not apart):
                self.instead.append(_words_of(part))
            return self._picture(self._attach(part), apart)
        if part.file_name:
            self._attach(part)
        return [_words_of(part)]

    def _attach(self, part: Part) -> Attachment:
        size = sum(len(each.payload) for each in part.walk() if not each.children)
        self.attachments.append(Attachment(part.number, _name(part), part.kind, size, _cid(part)))
        return self.attachments[-1]

    def _picture(self, attached: Attachment, apart: bool) -> list[_Piece]:
        """A picture between two texts is shown between them."""
        if apart or not attached.content_type.startswith("image/"):
            return []
        return [_Piece(html=f'<p><img src="part:{attached.number}" alt="{escape(attached.name)}"></p>', aside=True)]


def _words_of(part: Part) -> _Piece:
    read = _text(part)
    return _Piece(html=read) if part.kind == "text/html" else _Piece(text=read)


def _best(read: list[list[_Piece]]) -> list[_Piece]:
    """Of alternatives the last HTML (RFC 2046 §5.1.4: the last is the best), and the first that is text alone."""
    html = next((pieces for pieces in reversed(read) if any(each.html for each in pieces)), [])
    text = next((pieces for pieces in read if pieces and not any(each.html for each in pieces)), [])
    return [_Piece(_joined_text(text) or _joined_text(html), _joined_html(html))]


def _joined_text(pieces: list[_Piece]) -> str:
    texts = (each.text if each.text.strip() or each.aside else text_of(each.html) for each in pieces)
    return "\n\n".join(text for text in texts if text.strip())


def _joined_html(pieces: list[_Piece]) -> str:
    """ "" when nothing of it is HTML."""
    if not any(each.html and not each.aside for each in pieces):
        return ""
    return "".join(each.html or f'<div style="white-space: pre-wrap">{escape(each.text)}</div>' for each in pieces)


_STATED = re.compile(rb"<meta\b[^>]{0,200}charset\s*=\s*[\"']?\s*([\w:.-]{1,40})", re.IGNORECASE)


def _text(part: Part) -> str:
    octets = part.payload[: LONGEST_CHARACTER * TEXT_CHARACTERS]
    label = part.parameters.get("charset", "")
    if part.kind == "text/html" and not codec_of(label) and (stated := _STATED.search(octets, 0, 2048)):
        label = stated[1].decode("latin-1")
    text = clean(re.sub(r"\r{0,2}\n|\r", "\n", decoded(octets, label))[:TEXT_CHARACTERS])
    flowed = part.kind == "text/plain" and part.parameters.get("format", "").lower() == "flowed"
    return _unwrapped(text, part.parameters.get("delsp", "").lower() == "yes") if flowed else text


def _unwrapped(text: str, without_space: bool) -> str:
    """Lines that end in a blank go on in the next one of the same depth of quoting (RFC 3676 §4)."""
    paragraphs: list[list[str]] = []
    open_at = None
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:].removeprefix(" ")
        if depth != open_at or content == "-- ":
            paragraphs.append([f"{'>' * depth} " if depth else ""])
        goes_on = content.endswith(" ") and content != "-- "
        paragraphs[-1].append(content[:-1] if goes_on and without_space else content)
        open_at = depth if goes_on else None
    return "\n".join("".join(pieces) for pieces in paragraphs)


_UNSEEN = ("style", "script", "title", "template")
_HIDDEN = re.compile(rf"<(?:!--|({'|'.join(_UNSEEN)})\b)", re.IGNORECASE)
_ENDS = {name: re.compile(rf"</{name}[^>]{{0,100}}>", re.IGNORECASE) for name in _UNSEEN}
_COMMENT_END = re.compile(r"--!?>")
_TAG = re.compile(r"""</?([a-z][a-z0-9:-]{0,30})((?:[^<>"']|"[^"]*"|'[^']*')*)>|<[!?/][^<>]*>""", re.IGNORECASE)
_BLANKS = re.compile(r"[\r ]+")
_LINES = frozenset({"p", "div", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "table", "ul"})


def text_of(html: str) -> str:
    """The words of an HTML text, without ever building its tree: what a search reads and what stands in for a missing
    plain text. Takes time linear in its length."""
    flat = _TAG.sub(_break, re.sub(r"\s+", " ", "".join(_seen(html))))
    lines = unescape(_BLANKS.sub(lambda run: "\n" if "\r" in run[0] else " ", flat)).split("\n")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(" ".join(line.split()) for line in lines)).strip()


def _break(tag: re.Match[str]) -> str:
    name = (tag[1] or "").lower()
    return "\n" if name == "br" else "\r" if name in _LINES else " " if name in ("td", "th") else ""


def _seen(html: str) -> Iterator[str]:
    """`html` without comments, styles and scripts. One that is not closed hides the rest, as in a browser."""
    at = 0
    while hidden := _HIDDEN.search(html, at):
        yield html[at : hidden.start()]
        end = (_ENDS[hidden[1].lower()] if hidden[1] else _COMMENT_END).search(html, hidden.end())
        if end is None:
            return
        at = end.end()
    yield html[at:]


def _cid(part: Part) -> str:
    return header.text(header.first(part.fields, "content-id")).strip("<> ")


_EXTENSIONS = {"plain": "txt", "rfc822": "eml", "jpeg": "jpg", "octet-stream": "bin", "ms-tnef": "dat"}


def _name(part: Part) -> str:
    """A file name without folders, control characters or leading dots."""
    name = re.split(r"[/\\]", part.file_name or _subject(part))[-1]
    name = re.sub(r'[\x00-\x1f\x7f<>:"|?*]', "_", name).strip(". ")
    if name:
        return name[-150:]
    subtype = part.kind.partition("/")[2]
    extension = _EXTENSIONS.get(subtype, re.sub(r"[^a-z0-9]", "", subtype)[:20])
    return f"part-{part.number}.{extension or 'bin'}"


def _subject(part: Part) -> str:
    """An attached message is called by its subject."""
    if part.kind != "message/rfc822":
        return ""
    content = part.payload[: header.MOST]
    fields, _rest = header.fields(content[: header.body_at(content, 0, len(content))])
    subject = re.sub(r"[/\\]", "_", header.text(header.first(fields, "subject")))
    return f"{subject[:140]}.eml" if subject else ""
