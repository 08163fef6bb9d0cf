"""What we read out of a message's header block: RFC 5322 §2.2."""

from __future__ import annotations

import re

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


def header_facts(head: bytes, server: str) -> HeaderFacts:
    """Facts of a header block; anything malformed counts as absent. A local hop was received `by` this server."""
    hops, local_hops, subject, message_id, has_date = 0, 0, b"", "", False
    by_us = b" by " + server.lower().encode() + b" "
    for match in _FIELD.finditer(head):
        name = match[1].lower()
        if name == b"received":
            hops += 1
            local_hops += by_us in b" ".join(match[2].lower().split()) + b" "
        elif name == b"subject" and not subject:
            subject = match[2]
        elif name == b"message-id" and not message_id:
            found = _MESSAGE_ID.search(match[2])
            message_id = found[0].decode("ascii") if found else ""
        elif name == b"date":
            has_date = True
    text = b" ".join(subject.split()).decode("utf-8", "replace")[:SUBJECT_LIMIT]
    return HeaderFacts(hops, local_hops, text, message_id, has_date)
