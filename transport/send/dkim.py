"""DKIM signatures (RFC 6376, RFC 8463): what is signed, over which octets, and who may have it.

Relaxed in header and body, as verifiers forgive what relays change. From, To, Subject, Date, Message-ID and the MIME
fields are listed once more than they occur (RFC 6376 §8.15), so that nobody adds a second one. The signature itself is
made by whoever holds the key: `transport.deliver.signing`.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Iterable

import msgspec

from transport.config.labelled import Labelled
from transport.smtp.envelope import Vouched
from transport.smtp.header import without_empty_line
from transport.smtp.originators import from_addresses

_FIELD = re.compile(rb"^([!-9;-~]+)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*\n?)", re.MULTILINE)
_BLANKS = re.compile(rb"[ \t]+")
_ONCE_MORE = (
    b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type", b"content-transfer-encoding",
)  # fmt: skip
_AS_OFTEN = (
    b"sender", b"reply-to", b"cc", b"in-reply-to", b"references", b"list-id", b"list-help", b"list-unsubscribe",
    b"list-unsubscribe-post", b"list-subscribe", b"list-post", b"list-owner", b"list-archive", b"auto-submitted",
)  # fmt: skip
_WIDTH = 72


class Algorithm(Labelled):
    """Of a key and its signatures: RFC 8301 §3, RFC 8463 §3."""

    RSA = "rsa-sha256", "RSA 2048"
    ED25519 = "ed25519-sha256", "Ed25519"


class Signer(msgspec.Struct, frozen=True):
    """A key that is in use. `sign` makes a signature of octets that `signed_octets` gives."""

    domain: str
    selector: str
    algorithm: Algorithm
    sign: Callable[[bytes], bytes]


def signing_domain(head: bytes, sender: str, vouched: Vouched) -> str:
    """The domain, in lower case, of the one address in the one From field, when the session may write in its name; else
    empty.
    """
    found = from_addresses(head)
    if vouched is Vouched.NOBODY or len(found) != 1 or _times(head, b"from") != 1:
        return ""
    if vouched is Vouched.SENDER and found[0].lower() != sender.lower():
        return ""
    domain = found[0].rpartition("@")[2].lower()
    return domain if domain.isascii() else ""


def fields(head: bytes, body_hash: bytes, signers: Iterable[Signer], now: int) -> bytes:
    """The DKIM-Signature fields for a message, to stand in front of its header as it goes out."""
    names, lines = _chosen(head)
    return b"".join(_field(signer, names, lines, body_hash, now) for signer in signers)


def _field(signer: Signer, names: list[bytes], lines: bytes, body_hash: bytes, now: int) -> bytes:
    tags = (
        f"DKIM-Signature: v=1; a={signer.algorithm}; c=relaxed/relaxed; d={signer.domain};\r\n"
        f"\ts={signer.selector}; t={now}; bh={b64encode(body_hash).decode()};\r\n"
    ).encode()
    unsigned = tags + _names(names) + b"\tb="
    signature = b64encode(signer.sign(signed_octets(lines, unsigned, signer.algorithm)))
    folded = (signature[at : at + _WIDTH] for at in range(0, len(signature), _WIDTH))
    return unsigned + b"\r\n\t ".join(folded) + b"\r\n"


def _names(names: list[bytes]) -> bytes:
    text, width = b"\th=", 3
    for place, name in enumerate(names):
        mark = b":" if place < len(names) - 1 else b";"
        if width + len(name) > _WIDTH:
            text, width = text + b"\r\n\t ", 2
        text, width = text + name + mark, width + len(name) + 1
    return text + b"\r\n"


def signed_octets(lines: bytes, unsigned: bytes, algorithm: Algorithm) -> bytes:
    """What is signed: the fields and the unfinished one (RFC 6376 §3.7); of it, for Ed25519, the hash (RFC 8463 §3)."""
    octets = lines + relaxed_field(*_parted(unsigned)).removesuffix(b"\r\n")
    return hashlib.sha256(octets).digest() if algorithm is Algorithm.ED25519 else octets


def _parted(field: bytes) -> tuple[bytes, bytes]:
    name, _, value = field.partition(b":")
    return name, value


def relaxed_field(name: bytes, value: bytes) -> bytes:
    """RFC 6376 §3.4.2."""
    unfolded = value.replace(b"\r\n", b"")
    return name.strip().lower() + b":" + _BLANKS.sub(b" ", unfolded).strip(b" ") + b"\r\n"


def _chosen(head: bytes) -> tuple[list[bytes], bytes]:
    """The names for `h=` in order, and their fields as they are hashed: the last of a name comes first (§5.4.2)."""
    there: dict[bytes, list[bytes]] = {}
    for found in _FIELD.finditer(without_empty_line(head)):
        name = found[1].lower()
        there.setdefault(name, []).append(relaxed_field(name, found[2]))
    names: list[bytes] = []
    lines: list[bytes] = []
    for name in (*_ONCE_MORE, *_AS_OFTEN):
        mine = there.get(name, [])
        names += [name] * (len(mine) + (name in _ONCE_MORE))
        lines += reversed(mine)
    return names, b"".join(lines)


def _times(head: bytes, name: bytes) -> int:
    return sum(found[1].lower() == name for found in _FIELD.finditer(head))


class BodyHash:
    """SHA-256 over a body in relaxed form (RFC 6376 §3.4.4), given in pieces of any size whose line ends are CRLF."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._empty = True
        self._line_ends, self._blank = 0, b""

    def take(self, piece: bytes) -> None:
        """The next piece. Blanks and line ends at its end only count if something follows them."""
        end = len(piece.rstrip(b" \t\r\n"))
        if end:
            self._still(piece[: end - len(piece[:end].lstrip(b" \t\r\n"))])
            self._hash.update(b"\r\n" * self._line_ends + self._blank + _relaxed(piece[:end].lstrip(b" \t\r\n")))
            self._empty, self._line_ends, self._blank = False, 0, b""
        self._still(piece[end:])

    def _still(self, text: bytes) -> None:
        """Nothing but blanks and line ends."""
        if not text:
            return
        line_ends = text.count(b"\n")
        self._line_ends += line_ends
        self._blank = b"" if text.endswith(b"\n") else b" " if line_ends or text.strip(b"\r") else self._blank

    def digest(self) -> bytes:
        """Once all was taken."""
        if not self._empty:
            self._hash.update(b"\r\n")
        return self._hash.digest()


def _relaxed(text: bytes) -> bytes:
    return _BLANKS.sub(b" ", text).replace(b" \r\n", b"\r\n")


def tags(text: str) -> dict[str, str]:
    """Tag → value of a record; blanks within a value mean nothing (RFC 6376 §3.2)."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip(): "".join(value.split()) for name, _equals, value in pairs if name.strip()}
