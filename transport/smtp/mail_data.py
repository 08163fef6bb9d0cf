"""What we read out of a message's header block: RFC 5322 §2.2."""

from __future__ import annotations

import re
from collections.abc import Set
from itertools import pairwise

import msgspec

from transport.smtp.header_firewall import HOP

_FIELD = re.compile(
    rb"\n(received|subject|message-id|date|from|" + HOP.lower().encode() + rb")[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)",
    re.IGNORECASE,
)
_MESSAGE_ID = re.compile(rb"\s*(?:\([^()]*\)\s*)?(<[!-;=?-~\x80-\xff]{1,250}>)\s*(?:\([^()]*\)\s*)?")
_OWN = re.compile(rb"\n(message-id|date)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)", re.IGNORECASE)
_HOPS = (b"received", HOP.lower().encode())
SUBJECT_LIMIT = 500


class HeaderFacts(msgspec.Struct, frozen=True):
    """`subject` is raw (encoded words are left to the reader); `message_id` with its brackets, empty when unusable.

    `has_message_id`: there is a well-formed one. `unusable`: there are fields that `without_unusable` takes out.
    `authors` are the values of From, as they came.
    """

    hops: int
    local_hops: int
    subject: str
    message_id: str
    has_date: bool
    has_message_id: bool = False
    unusable: bool = False
    authors: tuple[bytes, ...] = ()


def header_facts(head: bytes, ours: Set[bytes]) -> HeaderFacts:
    """Facts of a header, as `header` gives it; anything malformed counts as absent. A local hop was received `by` one
    of our names, in lower case.
    """
    hops, local_hops, subject, well_formed, has_date, unusable = 0, 0, b"", b"", False, False
    authors: list[bytes] = []
    for match in _FIELD.finditer(b"\n" + head):
        name = match[1].lower()
        if name in _HOPS:
            hops += 1
            words = match[2].lower().replace(b";", b" ").split()
            local_hops += not ours.isdisjoint(words) and any(
                word == b"by" and name in ours for word, name in pairwise(words)
            )
        elif name == b"subject" and not subject:
            subject = match[2]
        elif name == b"message-id":
            found = b"" if well_formed else _message_id(match[2])
            well_formed, unusable = well_formed or found, unusable or not found
        elif name == b"from":
            authors.append(match[2])
        elif name == b"date":
            blank = match[2].isspace()
            has_date, unusable = has_date or not blank, unusable or blank
    text = guessed(b" ".join(subject.split()))[:SUBJECT_LIMIT]
    shown = well_formed.decode("ascii") if well_formed.isascii() else ""
    known = bool(well_formed)
    return HeaderFacts(hops, local_hops, text, shown, has_date, known, unusable, tuple(authors))


def guessed(octets: bytes) -> str:
    """Octets that nobody labelled: UTF-8 (RFC 6532 §3) where they are valid, otherwise what old programs write."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")


def _message_id(value: bytes) -> bytes:
    """The identifier of a well-formed field (RFC 5322 §3.6.4, RFC 6532 §3.2), else empty."""
    found = _MESSAGE_ID.fullmatch(value)
    return found[1] if found else b""


def without_unusable(head: bytes) -> bytes:
    """The header with the first well-formed Message-ID only, and without a Date that says nothing: a second field of
    either name would make large receivers refuse the message.
    """
    kept = False

    def left(field: re.Match[bytes]) -> bytes:
        nonlocal kept
        if field[1].lower() == b"date":
            return b"" if field[2].isspace() else field[0]
        usable = not kept and bool(_message_id(field[2]))
        kept = kept or usable
        return field[0] if usable else b""

    return _OWN.sub(left, b"\n" + head)[1:]
