"""Why a property of Exchange does nothing here, and which connectors only serve Exchange itself."""

from __future__ import annotations

from console.moving_in import values
from console.moving_in.objects import BEYOND, Source, Value
from transport.config.receive_connector import ReceiveConnector

BOOKKEEPING = {
    "admindisplayname", "exchangeversion", "distinguishedname", "identity", "guid", "objectcategory", "objectclass",
    "whenchanged", "whencreated", "whenchangedutc", "whencreatedutc", "organizationid", "id", "originatingserver",
    "isvalid", "objectstate", "exchangeobjectid", "objectid", "issmtpconnector", "smarthostsstring", "hasexpired",
    "ismachinegenerated", "name", "organizationalunitroot", "immutableid",
}  # fmt: skip
"""Where an object stands in Active Directory, and what follows from other properties."""

_ONE_INSTALLATION = "Connectors here belong to the whole installation; every transport runs all of them."
_NO_ROUTING = "There are no Active Directory sites and routing groups here."
_HYBRID = "It serves hybrid deployments with Exchange Online."
_FEDERATION = "It serves federation and Exchange Online."
_OWN_LIMITS = "It is limited where mail comes in: each Receive connector has its own."
_REASONS: dict[str, str] = {
    BEYOND.lower(): "The row has more cells than the first line has columns. Put quotes around lists.",
    "server": _ONE_INSTALLATION,
    "sourceroutinggroup": _NO_ROUTING,
    "homemta": _NO_ROUTING,
    "homemtaserverid": _NO_ROUTING,
    "connecteddomains": _NO_ROUTING,
    "region": _HYBRID,
    "catchallrecipientid": "There is no catch-all mailbox here: make the domain an internal relay and let the next "
    "server catch all.",
    "maxsendsize": _OWN_LIMITS,
    "maxrecipientenvelopelimit": _OWN_LIMITS,
    "externalpostmasteraddress": "Reports come from postmaster of the default domain.",
    "federatedorganizationlink": _FEDERATION,
    "authenticationtype": _FEDERATION,
    "initialdomain": _FEDERATION,
}  # fmt: skip
_ONE_PROCESS = "here one process does both."
_PLUMBING = (
    ("Default ", 2525, f"It serves Exchange's front end, which hands mail on to the transport service: {_ONE_PROCESS}"),
    ("Client Proxy ", 465, f"It serves Exchange's front end, which hands on the mail of users: {_ONE_PROCESS}"),
    ("Outbound Proxy Frontend ", 717, f"It serves Exchange's transport service, for mail going out: {_ONE_PROCESS}"),
)
_AS_USUAL = {("region", "notspecified")}
"""(property, value) that say nothing of their own: Exchange has them by default."""
_OTHERWISE = "There is no such setting here."


def of(source: Source, name: str) -> str:
    """Why the property does nothing here."""
    if source is Source.TRANSPORT_CONFIG:
        return _REASONS.get(name.lower(), "There is no such setting of the organization here.")
    return _REASONS.get(name.lower(), _OTHERWISE)


def says_nothing(name: str, value: Value) -> bool:
    """Whether a property is empty, off, or as Exchange has it by default."""
    return values.is_empty(value) or (name.lower(), values.written(value).lower()) in _AS_USUAL


def plumbing(connector: ReceiveConnector, server: str) -> str:
    """Why a connector that Exchange's setup made is not needed here, else an empty text (Exchange reference, 1.5)."""
    for beginning, port, why in _PLUMBING:
        of_setup = connector.name.lower() == (beginning + server).lower() if server else False
        if of_setup and all(binding.port == port for binding in connector.bindings):
            return why
    return ""
