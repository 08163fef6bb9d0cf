"""Every write of certificates."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID
from django.conf import settings
from django.core.exceptions import ValidationError

from console.accounts.actors import SYSTEM, Actor, Role
from console.certificates.models import Certificate
from console.publishing.actions import change
from console.publishing.compare import CERTIFICATE, shown
from console.publishing.compile import certificate

WRITERS = frozenset({Role.ORGANIZATION_MANAGEMENT})
LIFETIME = timedelta(days=825)
DNS_NAME_LIMIT = 64  # of a common name (RFC 5280, ub-common-name)


def renew_self_signed(actor: Actor, pk: int) -> Certificate:
    """Replaces a self-signed certificate by a new one for the same names. Raises ValidationError for any other."""
    actor.require(*WRITERS)
    with change(actor, "") as under_way:
        row = Certificate.objects.filter(pk=pk).first()
        if row is None or not row.self_signed:
            raise ValidationError("Only a self-signed certificate can be renewed here.")
        before = described(row)
        renewed = _self_signed(row.name, row.names)
        renewed.pk, renewed.created_at = row.pk, datetime.now(UTC)
        renewed.save(force_update=True)
        under_way.comment = f"{CERTIFICATE} {row.name}: renewed"
        under_way.record(CERTIFICATE, row.name, before, described(renewed))
    return renewed


def first_start() -> None:
    """Gives a new installation a self-signed certificate, so that STARTTLS can be offered."""
    if Certificate.objects.exists():
        return
    with change(SYSTEM, f"{CERTIFICATE} for {settings.GATEPOST_NODE}: created") as under_way:
        row = _self_signed(f"Self-signed {settings.GATEPOST_NODE}", _host_names())
        row.save()
        under_way.record(CERTIFICATE, row.name, None, described(row))


def described(row: Certificate) -> dict[str, str]:
    """What the change history keeps of a certificate; nothing of its key."""
    return shown(certificate(row))


def row_of(name: str, chain: str, encrypted_key: str) -> Certificate:
    """A row, not yet saved, for a chain (PEM, leaf first) and a key that is encrypted already."""
    leaf = x509.load_pem_x509_certificates(chain.encode())[0]
    return Certificate(
        name=name,
        names=_names_of(leaf),
        chain=chain,
        encrypted_key=encrypted_key,
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
        fingerprint=leaf.fingerprint(hashes.SHA256()).hex(),
        self_signed=leaf.issuer == leaf.subject,
    )


def _host_names() -> list[str]:
    full = socket.getfqdn(settings.GATEPOST_NODE)
    names = [
        settings.GATEPOST_NODE,
        full if "." in full and " " not in full else "",
        f"mail.{settings.GATEPOST_DOMAIN}",
    ]
    return list(dict.fromkeys(name.lower() for name in names if name))


def _self_signed(name: str, names: list[str]) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    chain = _certificate(key, names).public_bytes(serialization.Encoding.PEM).decode()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return row_of(name, chain, Fernet(settings.GATEPOST_SECRET_KEY).encrypt(private).decode())


def _certificate(key: ec.EllipticCurvePrivateKey, names: list[str]) -> x509.Certificate:
    now = datetime.now(UTC).replace(microsecond=0)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:DNS_NAME_LIMIT])])
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=False)
        .sign(key, hashes.SHA256())
    )


def _names_of(leaf: x509.Certificate) -> list[str]:
    try:
        found = leaf.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except x509.ExtensionNotFound:
        return [str(each.value) for each in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return found.get_values_for_type(x509.DNSName)
