"""TLSA records: which can be used, and which certificate they name. Source: RFC 7672; Sending mail outward,
section 2.3.

A certificate is named by its own record (usage 3, whatever its names and dates say) or by that of an authority in its
chain (usage 2). Usages 0 and 1 mean nothing for mail between servers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import Enum

import msgspec

TRUST_ANCHOR, END_ENTITY = 2, 3
WHOLE, PUBLIC_KEY = 0, 1
EXACT = 0
_DIGESTS = {1: hashlib.sha256, 2: hashlib.sha512}


class Tlsa(msgspec.Struct, frozen=True):
    """One record: usage, selector, matching type, and what it holds. Printed as `3 1 1`."""

    usage: int
    selector: int
    kind: int
    data: bytes

    def __str__(self) -> str:
        return f"{self.usage} {self.selector} {self.kind}"

    @property
    def is_usable(self) -> bool:
        """Whether a mail server can be known by it (RFC 7672 §3.1)."""
        if self.usage not in (TRUST_ANCHOR, END_ENTITY) or self.selector not in (WHOLE, PUBLIC_KEY):
            return False
        if self.kind == EXACT:
            return bool(self.data)
        return self.kind in _DIGESTS and len(self.data) == _DIGESTS[self.kind]().digest_size

    def names(self, certificate: bytes, public_key: bytes) -> bool:
        """Whether it is the record of this certificate (DER), with this key (SubjectPublicKeyInfo, DER)."""
        what = certificate if self.selector == WHOLE else public_key
        return self.data == (what if self.kind == EXACT else _DIGESTS[self.kind](what).digest())

    @property
    def authority(self) -> bytes | None:
        """The certificate of an authority, where the record holds all of it (2 0 0)."""
        return self.data if (self.usage, self.selector, self.kind) == (TRUST_ANCHOR, WHOLE, EXACT) else None


class Standing(Enum):
    """What DNS says of the TLSA records of a host."""

    NONE = "there are none, or DNS did not sign them"
    USABLE = "there are some"
    UNUSABLE = "there are some, and none can be used"
    UNKNOWN = "DNS gave no answer that can be relied on"


class Dane(msgspec.Struct, frozen=True):
    """`why`: in words, where that is not plain; `records` are the usable ones."""

    standing: Standing = Standing.NONE
    records: tuple[Tlsa, ...] = ()
    why: str = ""


def answered(records: Iterable[Tlsa]) -> Dane:
    """What signed records say, of which there may be none."""
    every = tuple(records)
    usable = tuple(record for record in every if record.is_usable)
    if usable:
        return Dane(Standing.USABLE, usable)
    return Dane(Standing.UNUSABLE if every else Standing.NONE)


def end_entity(records: Iterable[Tlsa], certificate: bytes, public_key: bytes) -> Tlsa | None:
    """The record that names the server's own certificate."""
    own = (record for record in records if record.usage == END_ENTITY)
    return next((record for record in own if record.names(certificate, public_key)), None)
