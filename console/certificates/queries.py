"""What pages show of certificates."""

from __future__ import annotations

from django.utils import timezone

from console.certificates.models import Certificate
from console.publishing.compile import compile_snapshot
from transport.config.receive_connector import AuthMechanism, ReceiveConnector
from transport.config.snapshot import Snapshot
from transport.receive import certificate_match


def days_left(row: Certificate) -> int:
    """Whole days until it expires; negative once it has."""
    return (row.not_after - timezone.now()).days


def current() -> Snapshot:
    """The configuration as it is saved."""
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


def row_shown_by(connector: ReceiveConnector) -> Certificate | None:
    """The certificate that a connector would show, as a row."""
    return Certificate.objects.filter(name=shown_by(connector, current())).first()


def shown_by(connector: ReceiveConnector, snapshot: Snapshot) -> str:
    """The name of the certificate that a connector shows."""
    now = timezone.now().timestamp()
    found = certificate_match.shown(connector, snapshot.certificates, snapshot.server, now)
    return found.name if found else ""
