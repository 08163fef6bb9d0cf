"""What the readers give: objects of a known kind with plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]

CUT_OFF = "…"
"""The only key of a list that the export shortened: its value is what was left of the list."""
BEYOND = "More cells"
"""The name of what stands in a row of a CSV to the right of its last column."""
MOST_OBJECTS = 20_000


class ReadError(ValueError):
    """The file cannot be read; the text says why, and what to hand in instead."""


class Source(StrEnum):
    """The cmdlet whose output an object is."""

    RECEIVE_CONNECTOR = "Get-ReceiveConnector"
    SEND_CONNECTOR = "Get-SendConnector"
    ACCEPTED_DOMAIN = "Get-AcceptedDomain"
    PERMISSION = "Get-ADPermission"
    BLOCK_LIST_ENTRY = "Get-IPBlockListEntry"
    ALLOW_LIST_ENTRY = "Get-IPAllowListEntry"
    TRANSPORT_CONFIG = "Get-TransportConfig"


@dataclass(frozen=True)
class Item:
    """One object. Properties stand in the order of the file; `get` finds one in any case."""

    source: Source
    properties: dict[str, Value]

    def get(self, name: str) -> Value:
        return next((value for key, value in self.properties.items() if key.lower() == name.lower()), None)


_TYPES = {
    "receiveconnector": Source.RECEIVE_CONNECTOR,
    "smtpsendconnectorconfig": Source.SEND_CONNECTOR,
    "accepteddomain": Source.ACCEPTED_DOMAIN,
    "adacepresentationobject": Source.PERMISSION,
    "ipblocklistentry": Source.BLOCK_LIST_ENTRY,
    "ipallowlistentry": Source.ALLOW_LIST_ENTRY,
    "transportconfigcontainer": Source.TRANSPORT_CONFIG,
}
_PROPERTIES = (
    (Source.PERMISSION, {"user", "extendedrights"}),
    (Source.SEND_CONNECTOR, {"addressspaces"}),
    (Source.RECEIVE_CONNECTOR, {"remoteipranges"}),
    (Source.RECEIVE_CONNECTOR, {"permissiongroups"}),
    (Source.ACCEPTED_DOMAIN, {"domainname", "domaintype"}),
    (Source.BLOCK_LIST_ENTRY, {"iprange", "expirationtime"}),
    (Source.TRANSPORT_CONFIG, {"tlsreceivedomainsecurelist"}),
    (Source.TRANSPORT_CONFIG, {"maxrecipientenvelopelimit"}),
)


def recognised(types: list[str], properties: Mapping[str, Value]) -> Source | None:
    """By the type's last part (a remote session writes `Deserialized.` in front), else by the properties."""
    for name in types:
        last = name.split("`", 1)[0].split("[", 1)[0].rsplit(".", 1)[-1].lower()
        if last in _TYPES:
            return _TYPES[last]
    names = {name.lower() for name in properties}
    return next((source for source, needed in _PROPERTIES if needed <= names), None)
