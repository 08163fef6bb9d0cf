"""Signatures under a message, as a verifier sees them that knows nothing of ours (dkimpy)."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import dkim
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from transport.send.dkim import Algorithm, Signer

RSA = rsa.generate_private_key(65537, 2048)
ED25519 = ed25519.Ed25519PrivateKey.generate()
RECORDS = {
    "r._domainkey.contoso.com": "v=DKIM1; k=rsa; p="
    + b64encode(
        RSA.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    ).decode(),
    "e._domainkey.contoso.com": "v=DKIM1; k=ed25519; p="
    + b64encode(ED25519.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)).decode(),
}
SIGNERS = [
    Signer("contoso.com", "r", Algorithm.RSA, lambda octets: RSA.sign(octets, padding.PKCS1v15(), hashes.SHA256())),
    Signer("contoso.com", "e", Algorithm.ED25519, ED25519.sign),
]


def verdicts(message: bytes, records: dict[str, str] = RECORDS) -> list[bool]:
    """Of each signature, the topmost first. `records`: name → text of a TXT record."""

    def look_up(name: bytes, timeout: Any = None) -> bytes:
        return records.get(name.decode().rstrip("."), "").encode()

    def holds(place: int) -> bool:
        try:
            return bool(dkim.DKIM(message).verify(idx=place, dnsfunc=look_up))
        except dkim.DKIMException:
            return False

    head = message.lower().partition(b"\r\n\r\n")[0]
    return [holds(place) for place in range(head.count(b"dkim-signature:"))]
