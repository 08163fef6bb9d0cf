"""THE table of Receive connector settings: each field is a property of Exchange's Get-ReceiveConnector.

To add a setting: declare it here, obey it in `receive/` or `shell/`, prove it with a dialogue; `makemigrations` and the
console follow. Names, defaults and bounds: Exchange reference, section 1.2; where a source document names a default
(10 MB, 200 recipients, 5 errors), that document wins.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Annotated

import msgspec

from transport.config.endpoint import Binding, IPRange
from transport.config.permissions import Grant, PermissionGroup
from transport.config.setting import Kind, Setting

MEGABYTE = 1024 * 1024
CMDLET = "Set-ReceiveConnector"


class Usage(Enum):
    """The intended use chosen in the wizard; it presets a connector and cannot change afterwards."""

    Custom = "Custom"
    Internet = "Internet"
    Internal = "Internal"
    Client = "Client"
    Partner = "Partner"


class TransportRole(Enum):
    """Exchange's two transport services. Here one process serves both; the role keeps bindings apart."""

    FrontendTransport = "FrontendTransport"
    HubTransport = "HubTransport"


class AuthMechanism(StrEnum):
    """How a client may prove who it is. A connector with none of them offers no authentication and no TLS."""

    Tls = "Tls"
    ExternalAuthoritative = "ExternalAuthoritative"

    @property
    def label(self) -> str:
        """The EAC's label of one mechanism."""
        return {
            AuthMechanism.Tls: "Transport Layer Security (TLS)",
            AuthMechanism.ExternalAuthoritative: "Externally secured (for example, with IPsec)",
        }[self]


class ProtocolLoggingLevel(Enum):
    """Whether the SMTP conversation is written to the protocol log."""

    None_ = "None"
    Verbose = "Verbose"


class ReceiveConnector(msgspec.Struct, frozen=True, kw_only=True):
    """Who may hand in mail, on which address and port, and what they may do. Sizes in bytes, times in seconds."""

    name: Annotated[
        str,
        Setting(
            "Name", "General", Kind.TEXT, "Name",
            "How this connector is called in lists, logs and commands.",
            CMDLET, minimum=1, maximum=64,
        ),
    ]
    enabled: Annotated[
        bool,
        Setting(
            "Enabled", "General", Kind.FLAG, "Enabled",
            "A disabled connector answers nobody; the next wider connector on the same binding takes its clients.",
            CMDLET,
        ),
    ] = True
    comment: Annotated[
        str,
        Setting(
            "Comment", "General", Kind.TEXT, "Comment",
            "For you and your colleagues: why it exists, whom to ask.",
            CMDLET, maximum=2048,
        ),
    ] = ""
    usage: Annotated[
        Usage,
        Setting(
            "Usage", "General", Kind.CHOICE, "Intended use",
            "Chosen when the connector was made; it only set the first values.",
            "New-ReceiveConnector", choices=Usage, read_only=True,
        ),
    ] = Usage.Custom
    transport_role: Annotated[
        TransportRole,
        Setting(
            "TransportRole", "General", Kind.CHOICE, "Transport role",
            "Frontend Transport for clients, devices and the Internet; Hub Transport for servers behind. "
            "Connectors of different roles cannot share a binding.",
            CMDLET, choices=TransportRole,
        ),
    ] = TransportRole.FrontendTransport
    protocol_logging_level: Annotated[
        ProtocolLoggingLevel,
        Setting(
            "ProtocolLoggingLevel", "General", Kind.CHOICE, "Protocol logging level",
            "Verbose writes every command and reply to the protocol log.",
            CMDLET, choices=ProtocolLoggingLevel,
        ),
    ] = ProtocolLoggingLevel.None_
    max_message_size: Annotated[
        int,
        Setting(
            "MaxMessageSize", "General", Kind.SIZE, "Maximum message size",
            "Larger messages are refused, at MAIL SIZE= already when the client announces it. "
            "Attachments grow by a third on the way.",
            "document 001 (10 MB); " + CMDLET, minimum=65536, maximum=2147483647,
        ),
    ] = 10 * MEGABYTE
    max_hop_count: Annotated[
        int,
        Setting(
            "MaxHopCount", "General", Kind.COUNT, "Maximum hop count",
            "A message with this many Received headers is going in circles and is refused.",
            CMDLET, minimum=1, maximum=500,
        ),
    ] = 30
    max_recipients_per_message: Annotated[
        int,
        Setting(
            "MaxRecipientsPerMessage", "General", Kind.COUNT, "Recipients per message",
            "Each further recipient is answered 452; the client sends those in another message.",
            "document 001 (200); " + CMDLET, minimum=1, maximum=512000,
        ),
    ] = 200
    max_protocol_errors: Annotated[
        int | None,
        Setting(
            "MaxProtocolErrors", "General", Kind.COUNT, "Protocol errors before closing",
            "Commands that are unknown, out of order or malformed. On the last one the connection is closed.",
            "document 001 (5); " + CMDLET, minimum=0, maximum=2147483647, unlimited=True,
        ),
    ] = 5
    connection_timeout: Annotated[
        int,
        Setting(
            "ConnectionTimeout", "General", Kind.TIMESPAN, "Connection time-out",
            "How long a connection may last in all, even while it is busy.",
            CMDLET, minimum=1, maximum=86400,
        ),
    ] = 600
    connection_inactivity_timeout: Annotated[
        int,
        Setting(
            "ConnectionInactivityTimeout", "General", Kind.TIMESPAN, "Inactivity time-out",
            "How long a connection may stay silent. Must be shorter than the connection time-out.",
            CMDLET, minimum=1, maximum=86400,
        ),
    ] = 300
    auth_mechanism: Annotated[
        frozenset[AuthMechanism],
        Setting(
            "AuthMechanism", "Security", Kind.FLAG_SET, "Authentication",
            "How clients may prove who they are and protect the connection.",
            CMDLET, choices=AuthMechanism,
        ),
    ] = frozenset({AuthMechanism.Tls})
    permission_groups: Annotated[
        frozenset[PermissionGroup],
        Setting(
            "PermissionGroups", "Security", Kind.FLAG_SET, "Permission groups",
            "Who may use this connector; each group brings the rights listed beside it.",
            CMDLET, choices=PermissionGroup,
        ),
    ] = frozenset()
    grants: Annotated[
        tuple[Grant, ...],
        Setting(
            "ExtendedRights", "Security", Kind.GRANTS, "Rights granted by hand",
            "What a principal may do beyond its groups, or may not do in spite of them.",
            "Add-ADPermission",
        ),
    ] = ()
    remote_ip_ranges: Annotated[
        tuple[IPRange, ...],
        Setting(
            "RemoteIPRanges", "Scoping", Kind.RANGES, "Remote network settings",
            "The addresses this connector answers: one each line, as address, range (a-b) or network (CIDR), "
            "IPv4 or IPv6. Of several connectors the one with the narrowest range answers.",
            CMDLET,
        ),
    ] = ()
    bindings: Annotated[
        tuple[Binding, ...],
        Setting(
            "Bindings", "Scoping", Kind.BINDINGS, "Network adapter bindings",
            "Local addresses and ports to listen on: one each line, such as 10.2.3.4:25 or [::1]:25; "
            "0.0.0.0 and [::] mean every address.",
            CMDLET,
        ),
    ] = ()
    fqdn: Annotated[
        str,
        Setting(
            "Fqdn", "Scoping", Kind.HOST_NAME, "FQDN",
            "The name this connector gives in its greeting and in answer to HELO and EHLO. "
            "It should match the MX record. Empty: this server's own name.",
            "document 004; " + CMDLET, maximum=255,
        ),
    ] = ""
    banner: Annotated[
        str,
        Setting(
            "Banner", "Scoping", Kind.TEXT, "Banner",
            "The whole greeting, starting with 220. It overrides the FQDN in the greeting. Empty: the usual greeting.",
            "documents 000, 001, 004; " + CMDLET, maximum=510,
        ),
    ] = ""
