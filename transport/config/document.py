"""Snapshot ⇄ JSON: the only serializer of the configuration. Keys are Exchange's names where the table has one."""

from __future__ import annotations

import hashlib

import msgspec

from transport.config.snapshot import Snapshot


class DocumentError(ValueError):
    """The document is no configuration; the text says where and why."""


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(Snapshot)


def encode(snapshot: Snapshot) -> bytes:
    """The snapshot as UTF-8 JSON; the same snapshot always gives the same bytes."""
    return _encoder.encode(snapshot)


def decode(document: bytes | str) -> Snapshot:
    """The snapshot of a document. Raises DocumentError for anything that is not one."""
    try:
        return _decoder.decode(document)
    except (msgspec.MsgspecError, UnicodeError, ValueError, TypeError, RecursionError) as error:
        raise DocumentError(f"The configuration document cannot be read: {error}") from error


def verified(document: bytes, expected: str) -> Snapshot:
    """The snapshot of a document that has the checksum it was published with. Raises DocumentError."""
    if checksum(document) != expected:
        raise DocumentError("its checksum is wrong")
    return decode(document)


def checksum(document: bytes) -> str:
    """SHA-256 of the document, as 64 hex digits."""
    return hashlib.sha256(document).hexdigest()
