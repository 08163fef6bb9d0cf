"""What we read out of a message's header block: RFC 5322 §2.2."""

from __future__ import annotations

import re
from collections.abc import Set
from itertools import pairwise

import msgspec

_FIELD = re.compile(
    rb"^(received|subject|message-id|date)[ \t]*:([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)", re.IGNORECASE | re.MULTILINE
)
_MESSAGE_ID = re.compile(rb"<[!-;=?-~]{1,250}>")
SUBJECT_LIMIT = 500


class HeaderFacts(msgspec.Struct, frozen=True):
    """`subject` is raw (encoded words are left to the reader); `message_id` with its brackets, empty when unusable."""

    hops: int
    local_hops: int
    subject: str
    message_id: str
    has_date: bool


def header_facts(head: bytes, ours: Set[bytes]) -> HeaderFacts:
    """Facts of a header block; anything malformed counts as absent. A local hop was received `by` one of our names, in
    lower case.
    """
    hops, local_hops, subject, message_id, has_date = 0, 0, b"", "", False
    for match in _FIELD.finditer(head):
        name = match[1].lower()
        if name == b"received":
            hops += 1
            words = match[2].lower().replace(b";", b" ").split()
            local_hops += not ours.isdisjoint(words) and any(
                word == b"by" and name in ours for word, name in pairwise(words)
            )
        elif name == b"subject" and not subject:
            subject = match[2]
        elif name == b"message-id" and not message_id:
            found = _MESSAGE_ID.search(match[2])
            message_id = found[0].decode("ascii") if found else ""
        elif name == b"date":
            has_date = True
    text = b" ".join(subject.split()).decode("utf-8", "replace")[:SUBJECT_LIMIT]
    return HeaderFacts(hops, local_hops, text, message_id, has_date)
