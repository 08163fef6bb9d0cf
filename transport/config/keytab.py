"""Keytabs: the Kerberos keys of this service, as files (MIT's format, version 2) and as a revision carries them."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

import msgspec

MAGIC = b"\x05\x02"
ENCRYPTIONS = {
    16: "des3-cbc-sha1",
    17: "aes128-cts",
    18: "aes256-cts",
    19: "aes128-sha2",
    20: "aes256-sha2",
    23: "rc4-hmac",
}
"""The numbers of RFC 3961 §8 and its successors → names."""


class Key(msgspec.Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """One entry without its secret: `smtp/mail.contoso.com@CONTOSO.COM`, the key's version, its encryption."""

    principal: str
    version: int
    encryption: str

    def __str__(self) -> str:
        return f"{self.principal}, version {self.version}, {self.encryption}"

    @property
    def realm(self) -> str:
        """`CONTOSO.COM`."""
        return self.principal.rpartition("@")[2]


class Keytab(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of one file, encrypted with the installation's secret (a Fernet token), and what is in it."""

    name: str
    keys: tuple[Key, ...]
    encrypted: str


def keys(content: bytes) -> list[Key]:
    """The entries of a keytab file. Raises ValueError, in words for people, for everything else."""
    try:
        found = sorted({_key(entry) for entry in _entries(content)})
    except (struct.error, UnicodeDecodeError):
        raise ValueError("This file is no keytab, or only a part of one.") from None
    if not found:
        raise ValueError("This keytab holds no key.")
    return found


def merged(contents: Iterable[bytes]) -> bytes:
    """One file with the entries of all."""
    entries = (entry for content in contents for entry in _entries(content))
    return MAGIC + b"".join(struct.pack(">i", len(entry)) + entry for entry in entries)


def _entries(content: bytes) -> Iterator[bytes]:
    """Each entry; a negative length is a hole that a removed one has left, 0 the end."""
    if not content.startswith(MAGIC):
        raise struct.error
    place = len(MAGIC)
    while place < len(content):
        (length,) = struct.unpack_from(">i", content, place)
        place += 4
        if not length:
            return
        if length > 0:
            entry = content[place : place + length]
            if len(entry) < length:
                raise struct.error
            yield entry
        place += abs(length)


def _key(entry: bytes) -> Key:
    (parts,) = struct.unpack_from(">H", entry)
    words, place = [], 2
    for _ in range(parts + 1):
        (length,) = struct.unpack_from(">H", entry, place)
        words.append(entry[place + 2 : place + 2 + length].decode())
        place += 2 + length
    version, encryption, length = struct.unpack_from(">BHH", entry, place + 8)
    place += 13 + length
    if len(entry) >= place + 4:  # a longer number of the version, which counts unless it is 0
        version = struct.unpack_from(">I", entry, place)[0] or version
    realm, *names = words
    return Key(f"{'/'.join(names)}@{realm}", version, ENCRYPTIONS.get(encryption, f"encryption {encryption}"))
