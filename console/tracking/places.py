"""Where in the console a rule's setting lives: the page of each kind of object that rules name."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from django.urls import reverse

from console.connectors.models import ReceiveConnector as ConnectorRow
from transport.config.connection_filter import ConnectionFilter, IPListProvider
from transport.config.filters import RecipientFilter, SenderFilter
from transport.config.kinds import Setting
from transport.config.receive_connector import ReceiveConnector
from transport.config.setting import settings
from transport.config.transport_config import TransportConfig
from transport.receive.rules import CONNECTOR


@dataclass(frozen=True)
class Place:
    """`history` is what the change history calls its objects, `snapshot` where a revision has the only one of them."""

    name: str
    url_name: str
    struct: type[msgspec.Struct] | None = None
    history: str = ""
    snapshot: str = ""

    def url_of(self, field: str = "") -> str:
        """The page, at the field if it has it."""
        return reverse(self.url_name) + (f"#id_{field}" if self.snapshot and field else "")


PLACES: dict[str, Place] = {
    CONNECTOR: Place("Receive connector", "connectors:receive-list", ReceiveConnector, "Receive connector"),
    "accepted domain": Place("Accepted domains", "domains:list", history="Accepted domain"),
    "recipient filter": Place(
        "Recipient filter", "protection:recipient-filter", RecipientFilter, "Recipient filter", "recipient_filter"
    ),
    "sender filter": Place("Sender filter", "protection:sender-filter", SenderFilter, "Sender filter", "sender_filter"),
    "connection filter": Place(
        "Connection filter", "protection:connection-filter", ConnectionFilter, "Connection filter", "connection_filter"
    ),
    "transport configuration": Place(
        "Transport configuration",
        "transport_settings:organization",
        TransportConfig,
        "Transport configuration",
        "transport_config",
    ),
    "ip block list": Place("IP Block list", "protection:block-list", history="IP list entry"),
    "ip allow list": Place("IP Allow list", "protection:allow-list", history="IP list entry"),
    "list provider": Place("List providers", "protection:provider-list", IPListProvider, "IP list provider"),
    "directory": Place("Directory", "directory:list", history="Recipient"),
    "certificate": Place("Certificates", "certificates:list", history="Certificate"),
    "user": Place("Users", "users:list", history="User"),
}


def setting_of(on: str, field: str) -> Setting | None:
    """The declaration of a rule's setting; None when the rule comes from no single one."""
    return _settings(on).get(field)


def field_of(on: str, name: str) -> str:
    """The field of the setting that Exchange calls `name`; an empty text when there is none."""
    return next((field for field, setting in _settings(on).items() if setting.name == name), "")


def _settings(on: str) -> dict[str, Setting]:
    place = PLACES.get(on)
    return settings(place.struct) if place and place.struct else {}


def connector_tab(row: ConnectorRow, field: str) -> str:
    """The page of a connector's properties on which a setting stands, at its field."""
    setting = setting_of(CONNECTOR, field)
    tab = reverse("connectors:receive-properties", args=[row.pk, setting.section.lower() if setting else "general"])
    return tab + (f"#id_{field}" if setting else "")
