"""A message as the next hop can take it; what needs no change stays as it is, octet for octet.

Lines of at most 998 octets, no NUL (RFC 5322 §2.1.1, §4.1), and nothing but ASCII for a host without 8BITMIME
(RFC 6152 §3): the parts that have more are encoded, as quoted-printable or base64. What is signed is never touched.

The message is read twice: `plan` says which parts change, `written` writes them.
"""

from __future__ import annotations

import codecs
import re
from binascii import b2a_base64, b2a_qp
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import msgspec

from transport.send.header_form import in_ascii, short_lines, values, with_field
from transport.send.mail_data import LONGEST_LINE, has_dotted_line, is_crlf, with_crlf
from transport.send.mime_parts import Kind, Part, Piece, Unreadable, blocks_of, head_and_rest, pieces_of
from transport.smtp.header_firewall import OUTWARD, without

_PLAIN = (b"7bit", b"8bit", b"binary")
_ENCODED = (b"quoted-printable", b"base64")
_HIGH = bytes(range(0x80, 0x100))
_FOR_NOBODY = bytes.maketrans(_HIGH, b"?" * len(_HIGH))
_NOT_BASE64 = re.compile(rb"[^0-9A-Za-z+/=]")
_NOT_QUOTED = re.compile(rb"[^\t\r\n -~]")
_LONGEST_ENCODED = 76
_BASE64_LINE = 57
_BLOCK = _BASE64_LINE * 1024


class CannotConvert(ValueError):
    """The next hop could only be given another message than was signed, or than anybody can read."""


class Change(msgspec.Struct, frozen=True):
    """How the text of a part is written: its new encoding, and what it is when it did not say so."""

    encoding: bytes
    type: str = ""


class Plan(msgspec.Struct, frozen=True):
    """How a message is written. `changes` by the number of the part; None: nothing but the header firewall looks at it.

    `ascii`: nothing else may be in it. `eight_bit`: it has other characters now. `growth` in octets, about. `stands`:
    DATA carries it octet for octet.
    """

    changes: dict[int, Change] | None = None
    ascii: bool = False
    eight_bit: bool = False
    growth: int = 0
    stands: bool = False


AS_IT_IS = Plan()


def plan(pieces: Callable[[], Iterable[bytes]], eight_bit: bool) -> Plan:
    """How to write a message, given in pieces of any size, for a host that takes 8-bit text or does not.

    Raises CannotConvert when a host that does not cannot have it.
    """
    scan = _Scan()
    head, rest = _outward(pieces())
    for text in chain((head,), rest):
        scan.take(text)
    if scan.fits and (eight_bit or not scan.eight_bit):
        return Plan(eight_bit=scan.eight_bit, stands=scan.stands)
    try:
        return _survey(pieces(), eight_bit, scan.eight_bit)
    except Unreadable as error:
        if not eight_bit and scan.eight_bit:
            raise CannotConvert from error
        return Plan(eight_bit=scan.eight_bit)


def written(pieces: Iterable[bytes], how: Plan) -> Iterator[bytes]:
    """The message as it goes out, in pieces of about the size in which it comes."""
    head, rest = _outward(pieces)
    if how.changes is None:
        yield head + next(rest, b"")
        yield from rest
    else:
        yield from _in_blocks(_Writer(how).written(pieces_of(head, blocks_of(with_crlf(rest)))))


def _outward(pieces: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    head, rest = head_and_rest(pieces)
    return without(head, OUTWARD), rest


def _in_blocks(texts: Iterable[bytes]) -> Iterator[bytes]:
    waiting, length = [], 0
    for text in texts:
        waiting.append(text)
        length += len(text)
        if length >= _BLOCK:
            yield b"".join(waiting)
            waiting, length = [], 0
    yield b"".join(waiting)


class _Scan:
    """The quick look: whether there is anything to do at all. `fits`: all lines are short, and none has NUL."""

    def __init__(self) -> None:
        self.eight_bit, self.fits = False, True
        self._stands = True
        self._open = 0  # octets of a line that goes on in the next text
        self._held = b""  # a CR that may have its LF there

    @property
    def stands(self) -> bool:
        """Whether DATA carries it octet for octet: whole lines that end with CRLF, and none begins with a dot."""
        return self._stands and not self._open and not self._held

    def take(self, text: bytes) -> None:
        self.eight_bit = self.eight_bit or not text.isascii()
        text, self._held = self._held + text, b""
        if text.endswith(b"\r"):
            text, self._held = text[:-1], b"\r"
        if text:
            self.fits = self.fits and b"\0" not in text and self._lines_fit(text)

    def _lines_fit(self, text: bytes) -> bool:
        lengths = list(map(len, text.splitlines()))
        dotted = has_dotted_line(text) or (not self._open and text.startswith(b"."))
        self._stands = self._stands and not dotted and is_crlf(text, lengths)
        lengths[0] += self._open
        self._open = 0 if text.endswith(b"\n") else lengths[-1]
        return max(lengths) <= LONGEST_LINE


class _Seen:
    """What is known of a part when the message has been read."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.header = b""
        self.has_parts = False
        self.octets = self.high = 0
        self._scan = _Scan()
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._is_utf8 = True

    def take(self, piece: Piece) -> None:
        if piece.kind is Kind.HEADER:
            self.header = piece.text
        elif piece.kind is Kind.BOUNDARY:
            self.has_parts = True
        else:
            self._take_text(piece.text)

    def _take_text(self, text: bytes) -> None:
        self.octets += len(text)
        self._scan.take(text)
        if not text.isascii():
            self.high += len(text) - len(text.translate(None, _HIGH))
        if self.high and self._is_utf8:
            self._is_utf8 = self._decodes(text)

    def _decodes(self, text: bytes) -> bool:
        try:
            self._utf8.decode(text)
        except UnicodeDecodeError:
            return False
        return True

    def needs_change(self, eight_bit: bool) -> bool:
        return not self._scan.fits or bool(self.high and not eight_bit)

    @property
    def growth_quoted(self) -> int:
        return 2 * self.high + self.octets // 24

    @property
    def growth_base64(self) -> int:
        return self.octets * 37 // 100

    def change(self) -> Change | None:
        """How it is written when it needs a change; None when nobody knows."""
        encoding = self.part.encoding
        if encoding not in _PLAIN:
            return Change(encoding) if encoding in _ENCODED else None
        if self.part.type.startswith(b"message/") and not self.part.type.startswith(b"message/global"):
            return Change(b"7bit")  # fields for programs, which know of no encoding (RFC 3464 §2.1, RFC 6533 §3)
        text = self.part.type.startswith((b"text/", b"message/"))
        quoted = text and self.growth_quoted <= self.growth_base64
        charset = "us-ascii" if not self.high else "utf-8" if self._is_utf8 else "unknown-8bit"
        said = bool(values(self.header, b"content-type"))
        kind = "" if said or self.part.type != b"text/plain" else f"text/plain; charset={charset}"
        return Change(b"quoted-printable" if quoted else b"base64", kind)


def _survey(pieces: Iterable[bytes], eight_bit: bool, any_eight_bit: bool) -> Plan:
    head, rest = _outward(pieces)
    seen: dict[int, _Seen] = {}
    for piece in pieces_of(head, blocks_of(with_crlf(rest))):
        seen.setdefault(piece.part.number, _Seen(piece.part)).take(piece)
    changes: dict[int, Change] = {}
    growth = 0
    for number, each in seen.items():
        if not eight_bit and each.part.signed and (each.high or not each.header.isascii()):
            raise CannotConvert
        if each.part.boundary and not each.has_parts and each.needs_change(eight_bit):
            raise Unreadable
        if each.part.signed or each.part.holds_parts or not each.needs_change(eight_bit):
            continue
        change = each.change()
        if change is not None:
            changes[number] = change
            growth += each.growth_quoted if change.encoding == b"quoted-printable" else each.growth_base64
        elif each.high and not eight_bit:
            raise CannotConvert
    return Plan(changes, not eight_bit, eight_bit and any_eight_bit, growth)


class _Writer:
    def __init__(self, how: Plan) -> None:
        self._how = how
        self._encoder: _Encoder | None = None

    def written(self, pieces: Iterable[Piece]) -> Iterator[bytes]:
        for piece in pieces:
            if piece.kind is Kind.CONTENT:
                yield self._encoder.encoded(piece.text) if self._encoder is not None else piece.text
                continue
            if self._encoder is not None:
                yield self._encoder.rest(before_boundary=True)
                self._encoder = None
            if piece.kind is Kind.HEADER:
                yield self._header(piece)
            else:
                yield piece.text if piece.kind is Kind.BOUNDARY or piece.part.signed else self._between(piece.text)
        if self._encoder is not None:
            yield self._encoder.rest(before_boundary=False)

    def _header(self, piece: Piece) -> bytes:
        part, head = piece.part, piece.text
        if part.signed:
            return head
        head = head.replace(b"\0", b"")
        change = (self._how.changes or {}).get(part.number)
        if change is not None:
            self._encoder = _ENCODERS[change.encoding, part.encoding in _PLAIN]()
        if self._how.ascii:
            head = in_ascii(head)
        if change is not None and part.encoding in _PLAIN:
            head = _described(head, part, change)
        elif self._how.ascii and part.holds_parts and part.encoding in (b"8bit", b"binary"):
            head = with_field(head, "Content-Transfer-Encoding", "7bit")
        return short_lines(head)

    def _between(self, text: bytes) -> bytes:
        """Nobody reads it, and no encoding is for it."""
        return short_lines(text.translate(_FOR_NOBODY if self._how.ascii else None, b"\0"))


def _described(head: bytes, part: Part, change: Change) -> bytes:
    if part.whole and not values(head, b"mime-version"):
        head = with_field(head, "MIME-Version", "1.0")
    if change.type:
        head = with_field(head, "Content-Type", change.type)
    head = with_field(head, "Content-Transfer-Encoding", change.encoding.decode())
    return head if head.endswith(b"\r\n\r\n") else head + b"\r\n"


class _Encoder:
    def encoded(self, text: bytes) -> bytes:
        """What is written of a line, or a piece of one."""
        raise NotImplementedError

    def rest(self, before_boundary: bool) -> bytes:
        """What is left; the line end before a boundary belongs to that (RFC 2046 §5.1.1)."""
        return b""


class _ToFields(_Encoder):
    """As in a header."""

    def encoded(self, text: bytes) -> bytes:
        return short_lines(in_ascii(text)).translate(_FOR_NOBODY, b"\0")


class _ToQuoted(_Encoder):
    """RFC 2045 §6.7."""

    def __init__(self) -> None:
        self._open = b""

    def encoded(self, text: bytes) -> bytes:
        before, ended = self._open, text.endswith(b"\r\n")
        found = b2a_qp(text) if b"\n" in text else b2a_qp(text).replace(b"\n", b"\r\n")
        self._open = b"" if ended else b"=\r\n"
        return before + found


class _ToBase64(_Encoder):
    """RFC 2045 §6.8."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def encoded(self, text: bytes) -> bytes:
        self._waiting += text
        whole = max(len(self._waiting) - 2, 0) // _BLOCK * _BLOCK
        block = bytes(self._waiting[:whole])
        del self._waiting[:whole]
        return _in_base64(block)

    def rest(self, before_boundary: bool) -> bytes:
        return _in_base64(bytes(self._waiting).removesuffix(b"\r\n" if before_boundary else b""))


class _MendQuoted(_Encoder):
    """Quoted-printable with what does not belong there: octets are quoted, long lines get soft ends."""

    def __init__(self) -> None:
        self._held = b""

    def encoded(self, text: bytes) -> bytes:
        text = self._held + _NOT_QUOTED.sub(lambda found: b"=%02X" % found[0][0], text)
        *lines, self._held = text.split(b"\r\n")
        ended = b"".join(_softly_cut(line, len(line) > LONGEST_LINE) + b"\r\n" for line in lines)
        if len(self._held) <= LONGEST_LINE:
            return ended
        open_, self._held = _softly_cut(self._held, True).rsplit(b"\r\n", 1)
        return ended + open_ + b"\r\n"

    def rest(self, before_boundary: bool) -> bytes:
        return self._held


class _MendBase64(_Encoder):
    """Base64 with lines that are too long, or with other characters, which mean nothing (RFC 2045 §6.8)."""

    def __init__(self) -> None:
        self._waiting = b""

    def encoded(self, text: bytes) -> bytes:
        text = self._waiting + _NOT_BASE64.sub(b"", text)
        whole = len(text) // _LONGEST_ENCODED * _LONGEST_ENCODED
        self._waiting = text[whole:]
        return b"".join(text[at : at + _LONGEST_ENCODED] + b"\r\n" for at in range(0, whole, _LONGEST_ENCODED))

    def rest(self, before_boundary: bool) -> bytes:
        return self._waiting + b"\r\n" if self._waiting else b""


_ENCODERS: dict[tuple[bytes, bool], type[_Encoder]] = {
    (b"7bit", True): _ToFields,
    (b"quoted-printable", True): _ToQuoted,
    (b"base64", True): _ToBase64,
    (b"quoted-printable", False): _MendQuoted,
    (b"base64", False): _MendBase64,
}


def _softly_cut(line: bytes, is_long: bool) -> bytes:
    """A line of quoted-printable in lines of at most 76."""
    pieces = []
    while is_long and len(line) > _LONGEST_ENCODED:
        cut = _LONGEST_ENCODED - 1
        if b"=" in line[cut - 2 : cut]:
            cut = line.index(b"=", cut - 2)
        pieces.append(line[:cut])
        line = line[cut:]
    return b"=\r\n".join([*pieces, line])


def _in_base64(block: bytes) -> bytes:
    lines = (block[at : at + _BASE64_LINE] for at in range(0, len(block), _BASE64_LINE))
    return b"".join(b2a_base64(line)[:-1] + b"\r\n" for line in lines)
