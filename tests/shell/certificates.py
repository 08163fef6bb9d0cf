"""Certificates as a revision carries them."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from transport.config.certificate import Certificate

SECRET = Fernet.generate_key()


def certificate(name: str = "gateway.test", secret: bytes = SECRET, days: int = 1) -> Certificate:
    """Self-signed, its key encrypted with `secret`, valid for so many days (negative: until then)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - timedelta(days=9))
    builder = builder.not_valid_after(now + timedelta(days=days))
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    token = Fernet(secret).encrypt(pem).decode()
    return Certificate(name=name, names=(name,), chain=chain.decode(), encrypted_key=token)
