"""What pages show of certificates."""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.db.models import QuerySet

from console import clock
from console.acme.models import ManagedCertificate
from console.acme.timing import renewal, soon
from console.certificates.models import Authority, Certificate, Request
from console.publishing import queries as publishing
from console.publishing.compile import compile_snapshot
from transport.config.certificate import Certificate as Shown
from transport.config.receive_connector import AuthMechanism, ReceiveConnector
from transport.config.snapshot import Snapshot
from transport.receive import certificate_match


def days_left(row: Certificate) -> int:
    """Whole days until it expires; negative once it has."""
    return (row.not_after - clock.now()).days


def ending() -> list[tuple[Certificate, bool]]:
    """Those of whose life less is left than `timing.soon` says, or that have expired, the nearest first; and whether it
    is high time.
    """
    return [(row, is_urgent(row)) for row in Certificate.objects.order_by("not_after") if ends_soon(row)]


def ends_soon(row: Certificate) -> bool:
    """Whether somebody should look at it."""
    return row.not_after - clock.now() < soon(row.not_before, row.not_after)


def is_urgent(row: Certificate) -> bool:
    """Whether it is high time."""
    return row.not_after - clock.now() < soon(row.not_before, row.not_after) / 3


def current() -> Snapshot:
    """The configuration as its rows say it, also in the middle of a change."""
    return compile_snapshot(0)


def identifier(row: Certificate) -> str:
    """`<I>issuer<S>subject`, as TlsCertificateName has it."""
    return certificate_match.leaf(row.chain).identifier


def by_identifier() -> dict[str, str]:
    """Identifier → name of the certificate that it chooses."""
    rows = Certificate.objects.exclude(chain="").order_by("not_after")
    return {identifier(row): row.name for row in rows}


def used_by(row: Certificate, snapshot: Snapshot) -> list[ReceiveConnector]:
    """The enabled Receive connectors that show this certificate when a client starts TLS."""
    offering = [one for one in snapshot.receive_connectors if one.enabled and AuthMechanism.Tls in one.auth_mechanism]
    return [one for one in offering if shown_by(one, snapshot) == row.name]


def bound_to(row: Certificate, snapshot: Snapshot) -> list[str]:
    """The names of the connectors that need it: those that show it, and those that name it, even while disabled."""
    receiving = [one.name for one in snapshot.receive_connectors if names(one.tls_certificate_name, row)]
    sending = [one.name for one in snapshot.send_connectors if names(one.tls_certificate_name, row)]
    return sorted({*(one.name for one in used_by(row, snapshot)), *receiving, *sending})


def names(tls_certificate_name: str, row: Certificate) -> bool:
    """Whether a connector's TlsCertificateName chooses this certificate."""
    mine = identifier(row)
    is_mine = certificate_match.plain(tls_certificate_name) == certificate_match.plain(mine)
    return is_mine and by_identifier().get(mine) == row.name


def problems() -> list[str]:
    """What the running transports say of certificates that they cannot use."""
    return [text for text in publishing.listening_problems().get("", []) if "certificate" in text.lower()]


def authority() -> Authority | None:
    """The internal authority, None before it has issued anything."""
    return Authority.objects.first()


def requests() -> QuerySet[Request]:
    """The requests that wait for an answer, oldest first."""
    return Request.objects.select_related("renews")


def issued_here(row: Certificate) -> bool:
    """Whether the internal authority issued it."""
    held = authority()
    if held is None or row.self_signed:
        return False
    leaf = x509.load_pem_x509_certificates(row.chain.encode())[0]
    try:
        leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(held.certificate.encode()))
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def managed(row: Certificate) -> ManagedCertificate | None:
    """What orders it anew by ACME; None where nobody does."""
    return ManagedCertificate.objects.filter(name__iexact=row.name).first()


def renews_at(row: Certificate) -> datetime | None:
    """When it is renewed without anybody; None where it is not."""
    return renewal(row.not_before, row.not_after, row.managed.renew_at) if row.managed else None


def renewable(row: Certificate) -> bool:
    """Whether it can be renewed at once, without an authority outside."""
    return row.self_signed or issued_here(row)


def issuer(row: Certificate) -> str:
    """The issuer's common name, else its whole name."""
    name = x509.load_pem_x509_certificates(row.chain.encode())[0].issuer
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()


def row_shown_by(connector: ReceiveConnector) -> Certificate | None:
    """The certificate that a connector would show, as a row."""
    return Certificate.objects.filter(name=shown_by(connector, publishing.saved())).first()


def struct_shown_by(connector: ReceiveConnector) -> Shown | None:
    """The certificate that a connector would show, as a revision has it."""
    now = clock.now().timestamp()
    return certificate_match.shown(connector, publishing.saved().certificates, settings.GATEPOST_NODE, now)


def shown_by(connector: ReceiveConnector, snapshot: Snapshot) -> str:
    """The name of the certificate that a connector shows."""
    now = clock.now().timestamp()
    found = certificate_match.shown(connector, snapshot.certificates, settings.GATEPOST_NODE, now)
    return found.name if found else ""
