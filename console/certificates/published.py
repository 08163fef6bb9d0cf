"""What a revision holds of certificates. They have no settings table, since nobody edits one."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from django.utils.translation import gettext_lazy as _

from console.certificates import models, reading
from console.publishing.published import Page, Published
from transport.config.certificate import Certificate


class Certificates(Published):
    """Nothing of a private key is shown."""

    def read(self, row: models.Certificate) -> Certificate:
        return Certificate(name=row.name, names=tuple(row.names), chain=row.chain, encrypted_key=row.encrypted_key)

    def make(self, struct: Certificate) -> models.Certificate:
        return row_of(struct.name, struct.chain, struct.encrypted_key)

    def shown(self, struct: Certificate) -> dict[str, str]:
        named = {"Name": struct.name, "Names": ", ".join(struct.names)}
        try:
            leaf = x509.load_pem_x509_certificates(struct.chain.encode())[0]
        except ValueError:
            return named | {"Thumbprint": "cannot be read"}
        until = leaf.not_valid_after_utc.strftime("%Y-%m-%d %H:%M:%S UTC")
        return named | {"NotAfter": until, "Thumbprint": leaf.fingerprint(hashes.SHA256()).hex()}


def row_of(name: str, chain: str, encrypted_key: str) -> models.Certificate:
    """A row, not yet saved, for a chain (PEM, leaf first) and a key that is encrypted already."""
    leaf = x509.load_pem_x509_certificates(chain.encode())[0]
    return models.Certificate(
        name=name,
        names=reading.names_of(leaf),
        chain=chain,
        encrypted_key=encrypted_key,
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
        fingerprint=leaf.fingerprint(hashes.SHA256()).hex(),
        self_signed=leaf.issuer == leaf.subject,
    )


CERTIFICATE = Certificates(
    "Certificate", Certificate, models.Certificate, "certificates", (Page(_("Certificates"), "certificates:list"),)
)
