"""A message of Gatepost's own that is plain text: what an administrator is told."""

from __future__ import annotations

from base64 import encodebytes

from transport.send.dsn import Report
from transport.smtp.trace import date

LONGEST_SUBJECT = 200
_WORD = 39
"""Octets of an encoded word before they are encoded, so that its line has at most 76 characters: RFC 2047 §2."""


def report(subject: str, text: str, sender: str, to: str, message_id: str, now: float) -> Report:
    """`subject` and `text` may hold any characters; `text` has lines with LF. `sender`: the address that it is from;
    `now` in seconds since 1970.
    """
    subject = " ".join("".join(each if each.isprintable() else " " for each in subject).split())[:LONGEST_SUBJECT]
    lines = [
        f"From: <{sender}>", f"To: <{to}>", f"Date: {date(int(now))}", f"Message-ID: {message_id}",
        f"Subject: {_encoded(subject)}", "Auto-Submitted: auto-generated", "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64", "",
        encodebytes(text.replace("\n", "\r\n").encode()).decode().strip().replace("\n", "\r\n"), "",
    ]  # fmt: skip
    utf8 = not f"{sender}{to}".isascii()
    head = "\r\n".join(lines).encode()
    return Report(head, b"", False, subject, message_id, "8BITMIME" if utf8 else "7BIT", utf8)


def _encoded(subject: str) -> str:
    """RFC 2047 §4.1, where it is not plain ASCII; no character is cut in two."""
    if subject.isascii() and len(subject) < 70:
        return subject
    words, octets = [], b""
    for each in (character.encode() for character in subject):
        if len(octets) + len(each) > _WORD:
            words.append(octets)
            octets = b""
        octets += each
    folded = (encodebytes(word).decode().strip() for word in [*words, octets])
    return "\r\n ".join(f"=?utf-8?b?{word}?=" for word in folded)
