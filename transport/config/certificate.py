"""Certificates for STARTTLS as a revision carries them."""

from __future__ import annotations

import msgspec


class Certificate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A certificate chain (PEM) and its private key, encrypted with the installation's secret (a Fernet token)."""

    name: str
    names: tuple[str, ...]
    chain: str
    encrypted_key: str
