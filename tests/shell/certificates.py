"""Certificates as a revision carries them, and an authority that issues them to servers and clients."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from transport.config.certificate import Certificate

SECRET = Fernet.generate_key()
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def certificate(
    name: str = "gateway.test", secret: bytes = SECRET, days: int = 1, key: Key | None = None
) -> Certificate:
    """Self-signed, its key encrypted with `secret`, valid for so many days (negative: until then)."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    return _carried(name, _builder(name, key, name, days).sign(key, SHA256()), key, secret)


class Authority:
    """Signs for servers (the chain of such a certificate holds the authority's own) and for clients."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = "authority.test"
        builder = _builder(self._name, self._key, self._name, 1)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self._certificate = builder.sign(self._key, SHA256())

    def certificate(self, name: str = "gateway.test", secret: bytes = SECRET, days: int = 1) -> Certificate:
        """For a server."""
        key = ec.generate_private_key(ec.SECP256R1())
        signed = _builder(name, key, self._name, days).sign(self._key, SHA256())
        return _carried(name, signed, key, secret, self._certificate)

    def signed(
        self,
        key: Key,
        names: Sequence[str],
        days: tuple[int, int] = (-1, 1),
        usage: x509.ObjectIdentifier | None = None,
    ) -> str:
        """The chain (PEM) of a key that somebody else has, valid from so many days from now to so many."""
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(self._certificate.subject)
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now + timedelta(days[0])).not_valid_after(now + timedelta(days[1]))
        builder = builder.add_extension(x509.SubjectAlternativeName(map(x509.DNSName, names)), critical=False)
        if usage:
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        made = (builder.sign(self._key, SHA256()), self._certificate)
        return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in made).decode()

    def client(self, name: str, folder: Path) -> Path:
        """For a client that is the host `name`: a file with the certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        signed = _builder(name, key, self._name, 1).sign(self._key, SHA256())
        file = folder / f"{name}.pem"
        file.write_bytes(_pem(key) + signed.public_bytes(serialization.Encoding.PEM))
        return file


def _builder(name: str, key: Key, issuer: str, days: int) -> x509.CertificateBuilder:
    subject, above = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (name, issuer))
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(above).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=9))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.not_valid_after(now + timedelta(days=days))


def _carried(name: str, leaf: x509.Certificate, key: Key, secret: bytes, *above: x509.Certificate) -> Certificate:
    chain = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in (leaf, *above))
    token = Fernet(secret).encrypt(_pem(key)).decode()
    return Certificate(name=name, names=(name,), chain=chain.decode(), encrypted_key=token)


def _pem(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
