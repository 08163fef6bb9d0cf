"""Get-, New-, Set-, Remove-, Enable- and Disable-ReceiveConnector (Exchange reference, sections 1.1 and 12.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace as with_changes
from typing import Any

from django.conf import settings

from console.certificates import queries as certificates
from console.connectors import actions, models
from console.management_shell.cmdlets.family import Family
from console.management_shell.cmdlets.guard import CONFIRM_RELAY, guarded
from console.management_shell.cmdlets.servers import check_server, server
from console.management_shell.cmdlets.settings import Remarked, plain, reader
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Flags, Record, argument
from transport.config import rules
from transport.config.permissions import PermissionGroup
from transport.config.receive_connector import ReceiveConnector, Usage
from transport.config.setting import settings as table_of
from transport.receive.certificate_match import named

CUSTOM = "Custom"
"""Exchange shows this beside the permission groups when rights were granted by hand; it cannot be set."""
ORDER = (
    "AuthMechanism", "Banner", "BinaryMimeEnabled", "Bindings", "ChunkingEnabled", "DefaultDomain",
    "DeliveryStatusNotificationEnabled", "EightBitMimeEnabled", "SmtpUtf8Enabled", "BareLinefeedRejectionEnabled",
    "EarlyTalkerRejectionEnabled",
    "DomainSecureEnabled", "EnhancedStatusCodesEnabled", "LongAddressesEnabled", "OrarEnabled",
    "SuppressXAnonymousTls", "ProxyEnabled", "AdvertiseClientSettings", "Fqdn", "ServiceDiscoveryFqdn",
    "TlsCertificateName", "Comment", "Enabled", "ConnectionTimeout", "ConnectionInactivityTimeout", "MessageRateLimit",
    "MessageRateSource", "MaxInboundConnection", "MaxInboundConnectionPerSource",
    "MaxInboundConnectionPercentagePerSource", "MaxHeaderSize", "MaxHopCount", "MaxLocalHopCount", "MaxLogonFailures",
    "MaxMessageSize", "MaxProtocolErrors", "MaxRecipientsPerMessage", "PermissionGroups", "PipeliningEnabled",
    "ProtocolLoggingLevel", "RemoteIPRanges", "RequireEHLODomain", "RequireTLS", "EnableAuthGSSAPI",
    "ExtendedProtectionPolicy", "LiveCredentialEnabled", "TlsDomainCapabilities", "Server", "TransportRole",
    "RejectReservedTopLevelRecipientDomains", "RejectReservedSecondLevelRecipientDomains",
    "RejectSingleLabelRecipientDomains", "AcceptConsumerMail", "SizeEnabled", "TarpitInterval", "AuthTarpitInterval",
    "MaxAcknowledgementDelay", "Name", "Identity", "WhenChanged",
)  # fmt: skip
NEEDED = {
    Usage.Custom: ("Bindings", "RemoteIPRanges"),
    Usage.Internet: ("Bindings",),
    Usage.Internal: ("RemoteIPRanges",),
    Usage.Client: ("RemoteIPRanges",),
    Usage.Partner: ("Bindings", "RemoteIPRanges"),
}
"""What New-ReceiveConnector wants to be told, because the intended use does not say it (section 1.4)."""


def _more(connector: ReceiveConnector) -> dict[str, object]:
    groups = tuple(each.value for each in PermissionGroup if each in connector.permission_groups)
    by_hand = (CUSTOM,) if connector.grants else ()
    return {"Server": settings.GATEPOST_NODE, "PermissionGroups": Flags(groups + by_hand)}


FAMILY = Family(
    noun="ReceiveConnector",
    words="Receive connector",
    struct=ReceiveConnector,
    rows=lambda: models.ReceiveConnector.objects.all(),
    columns=("Identity", "Bindings", "Enabled"),
    order=ORDER,
    more=_more,
    with_server=True,
)


def _read_groups(value: object) -> Any:
    read = reader(table_of(ReceiveConnector)["permission_groups"])
    names = [name.strip() for name in argument(value).split(",")]
    others = [name for name in names if name.lower() != CUSTOM.lower()]
    if len(others) == len(names):
        return read(value)
    return Remarked(
        read(",".join(others) or "None"), f"{CUSTOM} is only shown: rights that were granted by hand stay as they are."
    )


def _read_role(value: object) -> Any:
    short = {"frontend": "FrontendTransport", "hub": "HubTransport"}
    return reader(table_of(ReceiveConnector)["transport_role"])(short.get(argument(value).lower(), value))


READERS = {"PermissionGroups": _read_groups, "TransportRole": _read_role}
SETTINGS = tuple(
    with_changes(each, read=READERS.get(each.name, each.read)) for each in FAMILY.parameters("usage", "name")
)
SERVER = server("Not needed: a connector is on every transport here.")
USAGES = tuple(usage.value for usage in Usage)


def _get(call: Call) -> Iterator[Record]:
    check_server(call)
    yield from FAMILY.shown(call.get("Identity"))


def _new(call: Call) -> Iterator[Record]:
    check_server(call)
    usage = _usage(call)
    for name in NEEDED[usage]:
        if name not in call.arguments:
            raise ShellError(f"A connector for the use {usage.value} needs -{name}.", name)
    _check_certificate(call)
    start = rules.preset(usage, call.arguments["Name"])
    return FAMILY.made(
        call, start, lambda made, names: actions.create(call.host.actor, made, names), frozenset({start.name})
    )


def _check_certificate(call: Call) -> None:
    identifier = call.get("TlsCertificateName", "")
    if identifier.startswith("<I>") and not named(certificates.current().certificates, identifier):
        call.warning("No certificate here is called so: until one is, the connector shows the best match for its FQDN.")


def _usage(call: Call) -> Usage:
    switches = [usage for usage in Usage if call.get(usage.value)]
    if len(switches) + ("Usage" in call.arguments) > 1:
        raise ShellError("Choose one intended use: -Usage, or one of the switches.", "Usage", USAGES)
    return switches[0] if switches else plain(call, call.get("Usage", Usage.Custom))


def _set(call: Call) -> Iterator[Record]:
    _check_certificate(call)
    actor = call.host.actor
    return FAMILY.changed(
        call,
        lambda row, changes, names: actions.update(actor, ReceiveConnector, row.pk, changes, None, names),
        counts_as_said=True,
    )


def _enable(call: Call) -> Iterator[Record]:
    call.arguments["Enabled"] = call.cmdlet.name.startswith("Enable")
    return _set(call)


def _remove(call: Call) -> Iterator[Record]:
    return FAMILY.removed(call, lambda row, names: actions.remove(call.host.actor, ReceiveConnector, row.pk, names))


IDENTITY = FAMILY.identity_parameter()
CREATION = (
    FAMILY.parameter("name", mandatory=True, position=0),
    Parameter(
        "Usage",
        reader(table_of(ReceiveConnector)["usage"]),
        help="The intended use; it presets the connector.",
        choices=USAGES,
    ),
    *(Parameter(usage, switch=True, help=f"The same as -Usage {usage}.") for usage in USAGES),
    SERVER,
)
CMDLETS = [
    Cmdlet(
        "Get-ReceiveConnector",
        _get,
        (FAMILY.identity_parameter(False), SERVER),
        "Shows one Receive connector, some or all.",
        {
            "Get-ReceiveConnector": "All connectors, with their bindings.",
            'Get-ReceiveConnector "Default*" | fl identity,*tls*': "What some connectors do about TLS.",
            "Get-ReceiveConnector | Where-Object {$_.PermissionGroups -like '*Anonymous*'}": "Who is open to all.",
        },
    ),
    Cmdlet(
        "New-ReceiveConnector",
        _new,
        (*CREATION, *SETTINGS, CONFIRM_RELAY),
        "Makes a Receive connector.",
        {
            'New-ReceiveConnector -Name "Anonymous Relay" -Usage Custom -PermissionGroups AnonymousUsers '
            "-Bindings 10.2.3.4:25 -RemoteIPRanges 192.168.5.77": (
                "A connector for one device; the right to relay is granted with Add-ADPermission."
            ),
            'New-ReceiveConnector "From the Internet" -Internet -Bindings 10.2.3.5:25': (
                "Anyone may send to the accepted domains."
            ),
        },
        changes=True,
    ),
    Cmdlet(
        "Set-ReceiveConnector",
        _set,
        (IDENTITY, FAMILY.parameter("name"), *SETTINGS, CONFIRM_RELAY),
        "Changes settings of a Receive connector.",
        {
            'Set-ReceiveConnector "Anonymous Relay" -Banner "220 Mail Server"': "What a client is greeted with.",
            'Set-ReceiveConnector "Anonymous Relay" -RemoteIPRanges @{Add="192.168.5.78"}': (
                "One more device; the others stay."
            ),
            'Set-ReceiveConnector "Anonymous Relay" -MaxMessageSize 5MB -ConnectionTimeout 00:20:00 -Banner $null': (
                "A size, a time span, and the banner as it was."
            ),
        },
        changes=True,
    ),
    Cmdlet(
        "Remove-ReceiveConnector",
        _remove,
        (IDENTITY, CONFIRM_RELAY),
        "Removes a Receive connector. Its clients go to the next wider one on the same binding.",
        {'Remove-ReceiveConnector "Anonymous Relay" -Confirm:$false': "Removes it without asking."},
        changes=True,
    ),
    Cmdlet(
        "Enable-ReceiveConnector",
        _enable,
        (IDENTITY, CONFIRM_RELAY),
        "Lets a Receive connector answer.",
        {'Enable-ReceiveConnector "Anonymous Relay"': "It answers within a second."},
        changes=True,
    ),
    Cmdlet(
        "Disable-ReceiveConnector",
        _enable,
        (IDENTITY, CONFIRM_RELAY),
        "Lets a Receive connector answer nobody.",
        {'Disable-ReceiveConnector "Anonymous Relay" -Confirm:$false': "Its settings stay."},
        changes=True,
    ),
]
TABLE = {each.name: guarded(each, FAMILY.fields) for each in CMDLETS}
