"""The key of a copy (secret.key), apart from its backups: told by a fingerprint, or locked with a passphrase.

Whoever has the key and a backup can read every secret in it, so the key stands in a backup only where somebody gave a
passphrase: scrypt (RFC 7914) makes a key of it, with which ChaCha20-Poly1305 (RFC 8439) locks the other one.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64decode, b64encode

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

WORK, BLOCKS = 1 << 17, 8
"""128 MiB and some 0.4 s for each passphrase that somebody tries."""
LEAST_PASSPHRASE = 12


class WrongKey(Exception):
    """The text says what is wrong with a key or a passphrase."""


class LockedKey(msgspec.Struct, frozen=True):
    """In base64."""

    salt: str
    nonce: str
    token: str


def fingerprint(key: str) -> str:
    """16 hex digits that tell one key from another, and say nothing about it."""
    return hashlib.sha256(b"gatepost key " + key.encode()).hexdigest()[:16]


def locked(key: str, passphrase: str) -> LockedKey:
    """Raises WrongKey where the passphrase is too short."""
    if len(passphrase) < LEAST_PASSPHRASE:
        raise WrongKey(f"A passphrase has at least {LEAST_PASSPHRASE} characters.")
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    token = ChaCha20Poly1305(_derived(passphrase, salt)).encrypt(nonce, key.encode(), None)
    return LockedKey(*(b64encode(each).decode() for each in (salt, nonce, token)))


def unlocked(found: LockedKey, passphrase: str) -> str:
    """Raises WrongKey when it is another passphrase."""
    try:
        salt, nonce, token = (b64decode(each, validate=True) for each in (found.salt, found.nonce, found.token))
        return ChaCha20Poly1305(_derived(passphrase, salt)).decrypt(nonce, token, None).decode()
    except (InvalidTag, ValueError):
        raise WrongKey("This is not the passphrase that the backup was made with.") from None


def _derived(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=WORK, r=BLOCKS, p=1).derive(passphrase.encode())
