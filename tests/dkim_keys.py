"""Keys that sign for contoso.com, and their DNS records."""

from __future__ import annotations

from base64 import b64encode

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
