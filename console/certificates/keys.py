"""Private keys: made, and kept as Fernet tokens. Nothing here puts one anywhere unencrypted."""

from __future__ import annotations

from typing import TypeGuard, cast

from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from console.sealing import opened, sealed

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
P256, RSA2048, RSA3072 = "P-256", "RSA 2048", "RSA 3072"
KINDS = [
    (P256, _("ECDSA P-256 (quick, understood by everything of the last ten years)")),
    (RSA2048, _("RSA 2048 (for old devices)")),
    (RSA3072, _("RSA 3072")),
]
USABLE_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
LEAST_RSA_BITS = 2048


def make(kind: str) -> Key:
    """A new key of one of KINDS."""
    if kind == P256:
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, int(kind.removeprefix("RSA ")))


def kind_of(key: Key) -> str:
    """The nearest of KINDS, for a renewal with a key like the one before."""
    if isinstance(key, rsa.RSAPrivateKey):
        return RSA2048 if key.key_size <= 2048 else RSA3072
    return P256


def usable(key: object) -> TypeGuard[Key]:
    """Whether TLS clients of today take a key: RSA from 2048 bits, or one of the usual curves."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.key_size >= LEAST_RSA_BITS
    return isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, USABLE_CURVES)


def pem(key: Key | ed25519.Ed25519PrivateKey) -> str:
    """Unencrypted, for who encrypts it together with other things."""
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private.decode()


def encrypt(key: Key | ed25519.Ed25519PrivateKey) -> str:
    """The token that the database keeps."""
    return sealed(pem(key).encode())


def decrypt(token: str) -> Key:
    """The key of a token. Raises ValidationError when the installation's secret is not the one it was kept with."""
    try:
        private = opened(token)
    except InvalidToken:
        text = _("Its private key cannot be decrypted: secret.key is not the one it was kept with.")
        raise ValidationError(text) from None
    return cast(Key, serialization.load_pem_private_key(private, None))
