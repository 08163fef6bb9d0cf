"""The reference that a refusal carries: who was refused shows it, and only this copy of Gatepost reads what it says.

It is one block of AES that holds the session (8 octets), the rule that decided (2, of a hash of its name), a number (2,
so that no two of one rule look alike: else they would tell of two recipients whether the same rule refused them) and 4
of zeros, by which one that somebody has made up is known. Nothing is kept anywhere, and it is read where no log is.
"""

from __future__ import annotations

import base64
import binascii
import re
from hashlib import blake2b
from itertools import count
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from transport.receive.outcome import Outcome
from transport.receive.refusals import referring
from transport.receive.rules import REFUSALS

_WRITTEN = re.compile(r"[A-Z2-7]{26}")
_ZEROS = bytes(4)


class Reference(NamedTuple):
    """The session, and the rule that refused something in it."""

    session_id: str
    rule: str

    @property
    def began(self) -> float:
        """When the session began, in Unix seconds, as `identity.session_id` writes it."""
        return (int(self.session_id, 16) >> 23) / 1000


class References:
    """Those of one installation. `secret`: the same on every node; without one there are no references."""

    def __init__(self, secret: bytes) -> None:
        self.are_made = bool(secret)
        # One block, which is a permutation of all blocks: no two are the same, and there is no order to keep secret.
        key = blake2b(secret, digest_size=16, person=b"gatepost refusal").digest()
        cipher = Cipher(algorithms.AES(key), modes.ECB())
        self._seal, self._open = cipher.encryptor().update, cipher.decryptor().update
        self._number = count()

    def with_one(self, outcome: Outcome, page: str, session_id: str) -> Outcome:
        """The refusal, which ends with the address of its page if that has room."""
        return referring(outcome, page + self.make(session_id, outcome.decided_by)) if self.are_made else outcome

    def make(self, session_id: str, rule: str) -> str:
        """26 letters and digits. Not for several threads at a time."""
        number = (next(self._number) & 0xFFFF).to_bytes(2, "big")
        block = bytes.fromhex(session_id) + _hash(rule) + number + _ZEROS
        return base64.b32encode(self._seal(block)).decode().rstrip("=")

    def read(self, text: str) -> Reference | None:
        """What a reference says, also as the end of an address; None of what was made up, or elsewhere."""
        written = text.strip().rstrip("/").rpartition("/")[2].upper()
        if not self.are_made or not _WRITTEN.fullmatch(written):
            return None
        try:
            block = self._open(base64.b32decode(written + "======"))
        except binascii.Error:
            return None
        rule = _RULES.get(block[8:10])
        return Reference(block[:8].hex().upper(), rule) if rule and block[12:] == _ZEROS else None


def _hash(rule: str) -> bytes:
    return blake2b(rule.encode(), digest_size=2).digest()


_RULES = {_hash(rule): rule for rule in REFUSALS}
