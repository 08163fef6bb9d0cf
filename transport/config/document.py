"""Snapshot ⇄ JSON: the only serializer of the configuration. Keys are the names of the fields.

A document says its format. One of a former format is brought up to date, format by format, before it is read; a key
that nobody knows is refused, since whoever wrote it meant something by it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from transport.config.snapshot import FORMAT, Snapshot


class DocumentError(ValueError):
    """The document is no configuration; the text says where and why."""


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(Snapshot)


def encode(snapshot: Snapshot) -> bytes:
    """The snapshot as UTF-8 JSON; the same snapshot always gives the same bytes."""
    return _encoder.encode(snapshot)


def decode(document: bytes | str) -> Snapshot:
    """The snapshot of a document, of this format or a former one. Raises DocumentError for anything that is not one."""
    try:
        try:
            return _decoder.decode(document)
        except msgspec.ValidationError:
            return _decoder.decode(_upgraded(document))
    except (msgspec.MsgspecError, UnicodeError, ValueError, TypeError, RecursionError) as error:
        raise DocumentError(f"The configuration document cannot be read: {error}") from error


Values = dict[str, msgspec.Raw]


def _upgraded(document: bytes | str) -> bytes:
    values = msgspec.json.decode(document, type=Values)
    number = msgspec.json.decode(values.get("format", b"0"), type=int)
    if not 0 <= number <= FORMAT:
        raise ValueError(f"its format is {number}, and {FORMAT} is the newest that is known here")
    for upgrade in UPGRADES[number:]:
        upgrade(values)
    return msgspec.json.encode(values | {"format": FORMAT})


def _without_server(values: Values) -> None:
    """Format 0 had no number, and named the machine that wrote it: now whoever reads it goes by its own name."""
    values.pop("server", None)


def _external_name_servers(values: Values) -> None:
    """Format 1 asked the name servers that were set for every Send connector; now each says whether it uses them."""
    set_here = bool(msgspec.json.decode(values.get("connection_filter", b"{}"), type=dict[str, Any]).get("dns_servers"))
    senders = msgspec.json.decode(values.get("send_connectors", b"[]"), type=list[dict[str, Any]])
    used = {"use_external_dns_servers_enabled": set_here}
    values["send_connectors"] = msgspec.Raw(msgspec.json.encode([used | sender for sender in senders]))


UPGRADES: tuple[Callable[[Values], None], ...] = (_without_server, _external_name_servers)
"""What makes format n + 1 of format n, in place."""


def verified(document: bytes, expected: str) -> Snapshot:
    """The snapshot of a document that has the checksum it was published with. Raises DocumentError."""
    if checksum(document) != expected:
        raise DocumentError("its checksum is wrong")
    return decode(document)


def checksum(document: bytes) -> str:
    """SHA-256 of the document, as 64 hex digits."""
    return hashlib.sha256(document).hexdigest()
