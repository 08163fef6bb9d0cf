"""The header of a message: its fields, and what they say. All of it takes time linear in the octets; nothing raises.

Python's e-mail package is not used for it: it takes labels literally, and the work of some of it grows with the square.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from itertools import groupby

from console.mailboxes.charsets import decoded, guessed
from console.mailboxes.transfer import base64, unpadded
from transport.config import bounds

# CR CR LF is what a program makes of CR LF that takes the LF for a whole line end; other CR are line ends of their own.
LINE_END = rb"(?:\r{0,2}\n|\r(?!\r?\n))"
MOST = bounds.MESSAGE_HEADER.octets or 0
MOST_LINES = bounds.MESSAGE_HEADER.lines or 0

_LINES = re.compile(LINE_END)
_END = re.compile(LINE_END + LINE_END)
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:[ \t]*")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_DIRECTION = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # would turn what stands beside it around

Fields = list[tuple[str, bytes]]


def body_at(content: bytes, start: int, end: int) -> int:
    """Where the body begins: behind the first empty line, or where a header may not go on any more."""
    if found := _LINES.match(content, start, end):
        return found.end()
    most = min(end, start + MOST)
    found = _END.search(content, start, most)
    return found.end() if found else most


def fields(head: bytes) -> tuple[Fields, int]:
    """The fields with their values unfolded, and where text begins that follows without an empty line.

    A line that is no field is passed over when a field follows it, like the `From ` line of a mailbox file.
    """
    found: list[tuple[str, list[bytes]]] = []
    at = count = 0
    while at < len(head):
        count += 1
        if count > MOST_LINES:
            return _unfolded(found), len(head)
        end, after = _line(head, at)
        field = _FIELD.match(head, at, end)
        if field:
            found.append((field[1].decode("ascii"), [head[field.end() : end]]))
        elif head[at : at + 1] in (b" ", b"\t") and found:
            found[-1][1].append(head[at:end])
        elif head[at:end].strip() and not (head.startswith((b"From ", b">From "), at) or _FIELD.match(head, after)):
            break
        at = after
    return _unfolded(found), at


def _unfolded(found: list[tuple[str, list[bytes]]]) -> Fields:
    return [(name, b"".join(lines)[: bounds.MESSAGE_FIELD.octets]) for name, lines in found]


def _line(octets: bytes, at: int) -> tuple[int, int]:
    """Where the line ends, and where the next one begins."""
    found = _LINES.search(octets, at)
    return found.span() if found else (len(octets), len(octets))


def first(fields: Fields, name: str) -> bytes:
    """The first field of this name (in lower case), b"" without one."""
    return next((value for key, value in fields if key.lower() == name), b"")


def text(value: bytes) -> str:
    """A value on one line, its encoded words read, raw octets guessed."""
    return shown(words(value))


def shown(text: str) -> str:
    return _DIRECTION.sub("", clean(" ".join(text.split())))


def clean(text: str) -> str:
    """Without what no page and no database can hold: control characters become �."""
    return _CONTROL.sub("�", text)


# As sloppily as they are written: with blanks within, none between, in any case, with a language (RFC 2231 §5). A word
# ends before the next one begins, so that no octet is looked at twice.
_WORD = re.compile(rb"=\?([^?\s]{1,80})\?([bBqQ])\?((?:(?!=\?(?!=)).)*?)\?=", re.DOTALL)


def words(value: bytes) -> str:
    """`value` with its encoded words read (RFC 2047). Neighbours are one text: many split a character over two."""
    if b"=?" not in value:
        return guessed(value)
    pieces: list[tuple[str, str, bytes]] = []
    end = 0
    for found in _WORD.finditer(value):
        between = value[end : found.start()]
        if between.strip() or not end:
            pieces.append(("", "", between))
        charset = found[1].partition(b"*")[0].decode("latin-1").lower()
        pieces.append((charset, found[2].decode().lower(), found[3]))
        end = found.end()
    pieces.append(("", "", value[end:]))
    return "".join(_neighbours(charset, run) for charset, run in groupby(pieces, lambda piece: piece[0]))


def _neighbours(charset: str, pieces: Iterable[tuple[str, str, bytes]]) -> str:
    runs = [(way, [each[2] for each in run]) for way, run in groupby(pieces, lambda piece: piece[1])]
    if not charset:
        return guessed(b"".join(value for _way, values in runs for value in values))
    return decoded(b"".join(_of_b(values) if way == "b" else _of_q(values) for way, values in runs), charset)


def _of_q(values: list[bytes]) -> bytes:
    return binascii.a2b_qp(b"".join(values).replace(b" ", b"_"), header=True)


def _of_b(values: list[bytes]) -> bytes:
    """Each word by itself, unless the stream was cut anywhere: then only the whole can be read."""
    lengths = [len(unpadded(value)) % 4 for value in values]
    padding = values[-1].count(b"=")
    if any(lengths[:-1]) and b"=" not in b"".join(values[:-1]) and (sum(lengths) + padding) % 4 == 0:
        return base64(b"".join(values))
    return b"".join(base64(value) for value in values)


_MAILBOX = re.compile(
    rb'"((?:[^"\\]|\\.)*)(?:"|\\?\Z)|<([^<>]*)>?|\(((?:[^()]|\([^()]*\))*)\)?|(,)|([^"<(,]+)', re.DOTALL
)
FIRST_MAILBOX = 2000
_QUOTED_PAIR = re.compile(rb'\\(["\\])')


def mailbox(value: bytes) -> tuple[str, str]:
    """The display name and the address of the first mailbox (RFC 5322 §3.4), as far as there are any.

    The address is looked for before words are decoded: no encoded `<` makes another address of it.
    """
    name: list[bytes] = []
    comment = b""
    for quoted, angle, remark, comma, other in (
        found.groups(b"") for found in _MAILBOX.finditer(value[:FIRST_MAILBOX])
    ):
        if angle:
            return text(b"".join(name)) or text(comment), text(angle)
        if comma and b"@" in b"".join(name[-3:]):
            break
        comment = comment or remark
        name.append(_QUOTED_PAIR.sub(rb"\1", quoted) or comma or other)
    bare = text(b"".join(name))
    return (text(comment), bare) if "@" in bare else (bare, "")


_PARAMETER = re.compile(rb'([^\s=;"]{1,100})\s{0,20}=\s{0,20}(?:"((?:[^"\\]|\\.)*)(?:"|\\?\Z)|([^;]*))', re.DOTALL)
_NUMBERED = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*?)")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_TOKEN = re.compile(rb"\s*([\w!#$%&'*+.^`|~-]+(?:\s?/\s?[\w!#$%&'*+.^`|~-]+)?)")


def parameters(value: bytes) -> tuple[str, dict[str, str]]:
    """The value without its parameters, in lower case, and these (RFC 2045 §5.1, RFC 2231); the first of a name."""
    token = _TOKEN.match(value)
    main = re.sub(r"\s", "", token[1].decode("latin-1").lower()) if token else ""
    given: dict[str, dict[int, tuple[bool, bytes]]] = {}
    for found in _PARAMETER.finditer(value, token.end() if token else 0):
        numbered = _NUMBERED.fullmatch(found[1].decode("latin-1").lower())
        if numbered:
            plain = found[3].strip() if found[2] is None else _QUOTED_PAIR.sub(rb"\1", found[2])
            given.setdefault(numbered[1], {}).setdefault(_place(numbered), (bool(numbered[3]), plain))
    return main, {name: _parameter(pieces) for name, pieces in given.items()}


WHOLE, PLAIN = -2, -1


def _place(numbered: re.Match[str]) -> int:
    return int(numbered[2]) if numbered[2] else WHOLE if numbered[3] else PLAIN


def _parameter(pieces: dict[int, tuple[bool, bytes]]) -> str:
    """What is encoded by RFC 2231 is better than what stands there for older readers."""
    if PLAIN in pieces and WHOLE not in pieces and 0 not in pieces:
        return text(pieces[PLAIN][1])
    places = [WHOLE] if WHOLE in pieces else sorted(place for place in pieces if place >= 0)
    encoded, value = pieces[places[0]]
    charset, quote, rest = value.partition(b"'")
    label = charset.decode("latin-1") if encoded and quote and b"'" in rest else ""
    values = [pieces[place] for place in places]
    values[0] = (encoded, rest.partition(b"'")[2] if label or (encoded and rest.count(b"'")) else value)
    octets = b"".join(_PERCENT.sub(_octet, each) if percent else each for percent, each in values)
    return shown(decoded(octets, label)) if label else text(octets)


def _octet(found: re.Match[bytes]) -> bytes:
    return bytes((int(found[1], 16),))
