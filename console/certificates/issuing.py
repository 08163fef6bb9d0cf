"""Certificates and requests made here: self-signed, by the internal authority, for an authority outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from console.certificates.keys import Key

LIFETIME = timedelta(days=825)  # what Apple's systems take at most of a private authority
AUTHORITY_LIFETIME = timedelta(days=3650)
NAME_LIMIT = 64  # characters of a common name (RFC 5280, ub-common-name)
CLOCKS_DIFFER = timedelta(hours=1)


def self_signed(key: Key, names: list[str]) -> str:
    """A certificate for a server, in PEM."""
    subject = _subject(names[0])
    return _pem(_server(key, names, subject, now() + LIFETIME).issuer_name(subject).sign(key, hashes.SHA256()))


def issued(key: Key, names: list[str], authority: str, authority_key: Key) -> str:
    """A certificate for a server from the authority (PEM), followed by the authority's own."""
    issuer = x509.load_pem_x509_certificate(authority.encode())
    until = min(now() + LIFETIME, issuer.not_valid_after_utc)
    builder = _server(key, names, _subject(names[0]), until)
    builder = builder.issuer_name(issuer.subject).add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
    )
    return _pem(builder.sign(authority_key, hashes.SHA256())) + authority


def authority(key: Key, name: str) -> str:
    """The certificate of an authority that may issue to servers only, in PEM."""
    subject, start = _subject(name), now()
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - CLOCKS_DIFFER)
        .not_valid_after(start + AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return _pem(builder.sign(key, hashes.SHA256()))


def request(key: Key, names: list[str]) -> str:
    """A request (PKCS #10, RFC 2986) for an authority outside, in PEM."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_subject(names[0]))
    builder = builder.add_extension(_alternative(names), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def now() -> datetime:
    """Certificates know whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def _server(key: Key, names: list[str], subject: x509.Name, until: datetime) -> x509.CertificateBuilder:
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - CLOCKS_DIFFER)
        .not_valid_after(until)
        .add_extension(_alternative(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=False)
    )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:NAME_LIMIT])])


def _alternative(names: list[str]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.DNSName(each) for each in names])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
