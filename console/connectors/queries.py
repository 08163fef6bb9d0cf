"""What pages show of connectors."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from console.actors import Actor
from console.connectors import models
from console.publishing import queries as publishing
from console.publishing.rows import struct_of
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.config.snapshot import Snapshot


def receive(row: models.ReceiveConnector) -> ReceiveConnector:
    """The struct of a row."""
    return struct_of(row, ReceiveConnector)


def send(row: models.SendConnector) -> SendConnector:
    """The struct of a row."""
    return struct_of(row, SendConnector)


def receive_connectors() -> list[ReceiveConnector]:
    """All Receive connectors as structs."""
    return [receive(row) for row in models.ReceiveConnector.objects.order_by()]


def send_connectors() -> list[SendConnector]:
    """All Send connectors as structs."""
    return [send(row) for row in models.SendConnector.objects.order_by()]


def beside(name: str) -> Snapshot:
    """The saved configuration without the Receive connector of this name, in whose place another one is to stand."""
    saved = publishing.saved()
    others = tuple(each for each in saved.receive_connectors if each.name != name)
    return replace(saved, receive_connectors=others)


def drafts(actor: Actor, kind: str) -> list[models.Draft]:
    """What somebody has entered in a wizard and not finished, the newest first."""
    return list(models.Draft.objects.filter(owner=actor.name, kind=kind))


def draft_entered(actor: Actor, kind: str, key: str) -> dict[str, Any]:
    """What a draft holds; empty where there is none yet."""
    found = models.Draft.objects.filter(owner=actor.name, kind=kind, key=key).first()
    return found.entered if found else {}


def pulls() -> dict[str, models.Pull]:
    """What came of the last request for mail that waits elsewhere, by Send connector."""
    return {pull.connector: pull for pull in models.Pull.objects.filter(asked_at__isnull=False)}
