"""What pages show of connectors."""

from __future__ import annotations

from django.db.models import Count

from console.connectors import models
from console.domains.models import AcceptedDomain as DomainRow
from console.publishing.rows import struct_of
from console.tracking.models import Session
from transport.config.accepted_domain import AcceptedDomain
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector


def receive(row: models.ReceiveConnector) -> ReceiveConnector:
    """The struct of a row."""
    return struct_of(row, ReceiveConnector)


def send(row: models.SendConnector) -> SendConnector:
    """The struct of a row."""
    return struct_of(row, SendConnector)


def receive_connectors() -> list[ReceiveConnector]:
    """All Receive connectors as structs."""
    return [receive(row) for row in models.ReceiveConnector.objects.order_by()]


def accepted_domains() -> list[AcceptedDomain]:
    """The accepted domains as structs."""
    return [struct_of(row, AcceptedDomain) for row in DomainRow.objects.order_by()]


def open_sessions() -> dict[str, int]:
    """Connector name → sessions that are under way, as far as the protocol log tells (Verbose connectors)."""
    found = Session.objects.filter(ended_at__isnull=True).order_by().values_list("connector")
    return dict(found.annotate(Count("pk")))
