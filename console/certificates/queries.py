"""What pages show of certificates."""

from __future__ import annotations

from django.utils import timezone

from console.certificates.models import Certificate
from console.publishing.compile import compile_snapshot
from transport.config.receive_connector import AuthMechanism, ReceiveConnector
from transport.config.snapshot import Snapshot


def days_left(row: Certificate) -> int:
    """Whole days until it expires; negative once it has."""
    return (row.not_after - timezone.now()).days


def current() -> Snapshot:
    """The configuration as it is saved."""
    return compile_snapshot(0)


def used_by(row: Certificate, snapshot: Snapshot) -> list[ReceiveConnector]:
    """The enabled Receive connectors that show this certificate when a client starts TLS."""
    offering = [one for one in snapshot.receive_connectors if one.enabled and AuthMechanism.Tls in one.auth_mechanism]
    return [one for one in offering if shown_by(one, snapshot) == row.name]


def shown_by(connector: ReceiveConnector, snapshot: Snapshot) -> str:
    """The name of the certificate that a connector shows: one for its FQDN, else the first."""
    wanted = (connector.fqdn or snapshot.server).lower()
    for certificate in snapshot.certificates:
        if any(_covers(name.lower(), wanted) for name in certificate.names):
            return certificate.name
    return snapshot.certificates[0].name if snapshot.certificates else ""


def _covers(name: str, host: str) -> bool:
    return name == host or (name.startswith("*.") and host.partition(".")[2] == name[2:])
