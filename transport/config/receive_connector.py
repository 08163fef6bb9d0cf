"""THE table of Receive connector settings: each field is a property of Exchange's Get-ReceiveConnector.

To add a setting: declare it here, obey it in `receive/` or `shell/`, prove it with a dialogue; `makemigrations` and the
console follow. Names, defaults and bounds: Exchange reference, section 1.2; where a source document names a default
(10 MB, 200 recipients, 5 errors), that document wins.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import msgspec

from transport.config.endpoint import Binding, IPRange
from transport.config.kinds import Kind, Setting
from transport.config.labelled import Labelled
from transport.config.permissions import Grant, PermissionGroup

# A row of the table is a paragraph, whatever its length.
# fmt: off

MEGABYTE = 1024 * 1024
CMDLET = "Set-ReceiveConnector"


class Usage(Enum):
    """The intended use chosen in the wizard; it presets a connector and cannot change afterwards."""

    Custom = "Custom"
    Internet = "Internet"
    Internal = "Internal"
    Client = "Client"
    Partner = "Partner"


class TransportRole(Labelled):
    """Exchange's two transport services, in the EAC's words. Here one process serves both; the role keeps bindings
    apart.
    """

    FrontendTransport = "FrontendTransport", "Frontend Transport"
    HubTransport = "HubTransport", "Hub Transport"


class AuthMechanism(Labelled):
    """How a client may prove who it is, in the EAC's words. A connector with none of them offers no authentication and
    no TLS.
    """

    Tls = "Tls", "Transport Layer Security (TLS)"
    BasicAuth = "BasicAuth", "Basic authentication"
    BasicAuthRequireTLS = "BasicAuthRequireTLS", "Offer basic authentication only after starting TLS"
    Integrated = "Integrated", "Integrated Windows authentication"
    ExchangeServer = (
        "ExchangeServer", "Exchange Server authentication",
        "it proves Exchange servers to each other, by their accounts in one Active Directory.",
    )
    ExternalAuthoritative = "ExternalAuthoritative", "Externally secured (for example, with IPsec)"


SIGN_IN = frozenset({AuthMechanism.BasicAuth, AuthMechanism.Integrated})
"""The mechanisms by which a user signs in with AUTH."""


class ProtocolLoggingLevel(Enum):
    """Whether the SMTP conversation is written to the protocol log."""

    None_ = "None"
    Verbose = "Verbose"


class SizeMode(Labelled):
    """How SIZE stands in the answer to EHLO: with the limit, not at all, or without a value."""

    Enabled = "Enabled"
    Disabled = "Disabled"
    EnabledWithoutValue = "EnabledWithoutValue", "Enabled, without a value"


class MessageRateSource(Labelled):
    """What the message rate counts: nothing, the client's address, the sender, or both together."""

    None_ = "None", "Nothing"
    IPAddress = "IPAddress", "IP address"
    User = "User", "Sender"
    All = "All", "IP address and sender"


class ExtendedProtectionPolicy(Enum):
    """Binding of Integrated Windows authentication to the TLS channel."""

    None_ = "None"
    Allow = "Allow"
    Require = "Require"


class TlsVersion(Labelled):
    """The lowest TLS version that a client may use."""

    Tls12 = "Tls12", "TLS 1.2"
    Tls13 = "Tls13", "TLS 1.3"


class LimitScope(Labelled):
    """Whether connection and rate limits count on each transport for itself, or over all of them."""

    Node = "Node", "on each transport"
    AllNodes = "AllNodes", "over all transports"


class ReceiveConnector(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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
    max_message_size: Annotated[
        int,
        Setting(
            "MaxMessageSize", "General", Kind.SIZE, "Maximum message size",
            "Larger messages are refused, at MAIL SIZE= already when the client announces it. "
            "Attachments grow by a third on the way.",
            "document 001 (10 MB); " + CMDLET, minimum=65536, maximum=2147483647, group="Messages",
        ),
    ] = 10 * MEGABYTE
    max_hop_count: Annotated[
        int,
        Setting(
            "MaxHopCount", "General", Kind.COUNT, "Maximum hop count",
            "A message with this many Received headers is going in circles and is refused.",
            CMDLET, minimum=1, maximum=500, group="Messages",
        ),
    ] = 30
    max_local_hop_count: Annotated[
        int,
        Setting(
            "MaxLocalHopCount", "General", Kind.COUNT, "Maximum local hop count",
            "A message that has passed this server so many times is refused. 0: never.",
            CMDLET, minimum=0, maximum=50, group="Messages",
        ),
    ] = 8
    default_domain: Annotated[
        str,
        Setting(
            "DefaultDomain", "General", Kind.HOST_NAME, "Default domain",
            "Added to a recipient that has no domain. Empty: such recipients are refused, except postmaster.",
            CMDLET, maximum=256, group="Messages",
        ),
    ] = ""
    protocol_logging_level: Annotated[
        ProtocolLoggingLevel,
        Setting(
            "ProtocolLoggingLevel", "General", Kind.CHOICE, "Protocol logging level",
            "Verbose writes every command and reply to the protocol log.",
            CMDLET, choices=ProtocolLoggingLevel, group="Service",
        ),
    ] = ProtocolLoggingLevel.None_
    protocol_logging_until: Annotated[
        int | None,
        Setting(
            "ProtocolLoggingUntil", "General", Kind.TIME, "Verbose until",
            "From then on the level is None: it is set by itself. Empty: it stays as it is.",
            "own setting", group="Service",
        ),
    ] = None
    transport_role: Annotated[
        TransportRole,
        Setting(
            "TransportRole", "General", Kind.CHOICE, "Transport role",
            "Frontend Transport for clients, devices and the Internet; Hub Transport for servers behind. "
            "Connectors of different roles cannot share a binding.",
            CMDLET, choices=TransportRole, group="Service",
        ),
    ] = TransportRole.FrontendTransport
    usage: Annotated[
        Usage,
        Setting(
            "Usage", "General", Kind.CHOICE, "Intended use",
            "Chosen when the connector was made; it only set the first values.",
            "New-ReceiveConnector", choices=Usage, read_only=True, group="Service",
        ),
    ] = Usage.Custom
    advertise_client_settings: Annotated[
        bool,
        Setting(
            "AdvertiseClientSettings", "General", Kind.FLAG, "Show these settings to users",
            "Outlook on the web shows server and port to users.",
            CMDLET, not_enforced="There is no Outlook on the web here.",
        ),
    ] = False
    live_credential_enabled: Annotated[
        bool,
        Setting(
            "LiveCredentialEnabled", "General", Kind.FLAG, "Live credentials",
            "Kept from an import.",
            CMDLET, not_enforced="Microsoft reserved it for its own services.",
        ),
    ] = False
    accept_consumer_mail: Annotated[
        bool,
        Setting(
            "AcceptConsumerMail", "General", Kind.FLAG, "Accept consumer mail",
            "Kept from an import.",
            CMDLET, not_enforced="Microsoft reserved it for its own services.",
        ),
    ] = False
    proxy_enabled: Annotated[
        bool,
        Setting(
            "ProxyEnabled", "General", Kind.FLAG, "Proxy",
            "Kept from an import.",
            CMDLET, not_enforced="It connects the services of an Exchange server with each other.",
        ),
    ] = False
    max_acknowledgement_delay: Annotated[
        int,
        Setting(
            "MaxAcknowledgementDelay", "General", Kind.TIMESPAN, "Maximum acknowledgement delay",
            "Kept from an import.",
            CMDLET, minimum=0, maximum=86400,
            not_enforced="A message is answered once it is on disk; there is no shadow copy to wait for.",
        ),
    ] = 30
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
    resolve_senders: Annotated[
        bool,
        Setting(
            "ResolveSenders", "Security", Kind.FLAG, "Resolve senders",
            "Mail of clients that signed in or are externally secured is shown with the name that the directory has "
            "for its sender. Anonymous mail never is: anybody may write any address there.",
            "own setting; document 003",
        ),
    ] = True
    require_tls: Annotated[
        bool,
        Setting(
            "RequireTLS", "Security", Kind.FLAG, "Require TLS",
            "Mail is accepted on TLS only.",
            CMDLET,
        ),
    ] = False
    domain_secure_enabled: Annotated[
        bool,
        Setting(
            "DomainSecureEnabled", "Security", Kind.FLAG, "Enable Domain Security (Mutual Auth TLS)",
            "Partners in the list of secure domains prove themselves with a certificate. One that is shown must come "
            "from an authority that this system, or the chain of the connector's own certificate, trusts.",
            CMDLET,
        ),
    ] = False
    tls_receive_domain_secure_list: Annotated[
        tuple[str, ...],
        Setting(
            "TlsReceiveDomainSecureList", "Security", Kind.DOMAINS, "Secure domains",
            "The partners' domains, one each line. A server whose certificate holds such a domain, or a host in it, is "
            "a partner server and may send from that domain; no other client may, unless it signed in.",
            "Set-TransportConfig",
        ),
    ] = ()
    default_logon_domain: Annotated[
        str,
        Setting(
            "DefaultLogonDomain", "Security", Kind.TEXT, "Default logon domain",
            "The domain of users who sign in with basic authentication and give none.",
            "document 002", maximum=255,
        ),
    ] = ""
    enable_auth_gssapi: Annotated[
        bool,
        Setting(
            "EnableAuthGSSAPI", "Security", Kind.FLAG, "Kerberos with Integrated Windows authentication",
            "Offers GSSAPI beside NTLM: clients with a ticket sign in without a password.",
            CMDLET,
        ),
    ] = False
    extended_protection_policy: Annotated[
        ExtendedProtectionPolicy,
        Setting(
            "ExtendedProtectionPolicy", "Security", Kind.CHOICE, "Extended protection",
            "Binds Integrated Windows authentication to the TLS connection, so that nobody between can pass it on. "
            "Allow: where the client knows it. Require: offered on TLS only, and to such clients only.",
            CMDLET, choices=ExtendedProtectionPolicy,
        ),
    ] = ExtendedProtectionPolicy.None_
    remote_ip_ranges: Annotated[
        tuple[IPRange, ...],
        Setting(
            "RemoteIPRanges", "Scoping", Kind.RANGES, "Remote network settings",
            "The addresses this connector answers: one each line, as address, range (a-b) or network (CIDR), "
            "IPv4 or IPv6. Of several connectors the one with the narrowest range answers.",
            CMDLET, group="Who may connect",
        ),
    ] = ()
    bindings: Annotated[
        tuple[Binding, ...],
        Setting(
            "Bindings", "Scoping", Kind.BINDINGS, "Network adapter bindings",
            "Local addresses and ports to listen on: one each line, such as 10.2.3.4:25 or [::1]:25; "
            "0.0.0.0 and [::] mean every address.",
            CMDLET, group="Where it listens",
        ),
    ] = ()
    fqdn: Annotated[
        str,
        Setting(
            "Fqdn", "Scoping", Kind.HOST_NAME, "FQDN",
            "The name this connector gives in its greeting and in answer to HELO and EHLO. "
            "It should match the MX record. Empty: this server's own name.",
            "document 004; " + CMDLET, maximum=255, group="How it greets",
        ),
    ] = ""
    banner: Annotated[
        str,
        Setting(
            "Banner", "Scoping", Kind.TEXT, "Banner",
            "The whole greeting, starting with 220. It overrides the FQDN in the greeting. Empty: the usual greeting.",
            "documents 000, 001, 004; " + CMDLET, maximum=510, group="How it greets",
        ),
    ] = ""
    proxy_protocol_from: Annotated[
        tuple[IPRange, ...],
        Setting(
            "ProxyProtocolFrom", "Scoping", Kind.RANGES, "Load balancers (PROXY protocol)",
            "Addresses that must say with a PROXY header who the client is, and are believed: one each line. It holds "
            "for the whole binding, also for its other connectors. Empty: no header is read.",
            "own setting; PROXY protocol, versions 1 and 2", maximum=1000, group="Who speaks for clients",
        ),
    ] = ()
    xclient_from: Annotated[
        tuple[IPRange, ...],
        Setting(
            "XclientFrom", "Scoping", Kind.RANGES, "Mail servers that speak for clients (XCLIENT)",
            "Clients of this connector that may say with XCLIENT for whom they speak, and are believed: one each line. "
            "Empty: the command is unknown.",
            "own setting; Postfix, XCLIENT_README", maximum=1000, group="Who speaks for clients",
        ),
    ] = ()
    max_inbound_connection: Annotated[
        int | None,
        Setting(
            "MaxInboundConnection", "Limits", Kind.COUNT, "Connections in all",
            "How many connections this connector has open at the same time.",
            "documents 000, 001; Set-ReceiveConnector", minimum=1, maximum=2147483647, unlimited=True,
            group="Connections",
        ),
    ] = 5000
    max_inbound_connection_per_source: Annotated[
        int | None,
        Setting(
            "MaxInboundConnectionPerSource", "Limits", Kind.COUNT, "Connections per source",
            "How many of them one client may have: an address, of IPv6 a /64 network.",
            "documents 000, 001; Set-ReceiveConnector", minimum=1, maximum=10000, unlimited=True, group="Connections",
        ),
    ] = 100
    max_inbound_connection_percentage_per_source: Annotated[
        int,
        Setting(
            "MaxInboundConnectionPercentagePerSource", "Limits", Kind.COUNT, "Per cent per source",
            "How much one client (an address, of IPv6 a /64 network) may have of the connections that others leave "
            "free, in per cent.",
            "documents 000, 001; Set-ReceiveConnector", minimum=1, maximum=100, group="Connections",
        ),
    ] = 2
    limit_scope: Annotated[
        LimitScope,
        Setting(
            "LimitScope", "Limits", Kind.CHOICE, "Count connections and rates",
            "Over all transports they are counted in Redis; while Redis is away, each transport counts for "
            "itself.",
            "own setting", choices=LimitScope, group="Connections",
        ),
    ] = LimitScope.Node
    message_rate_limit: Annotated[
        int | None,
        Setting(
            "MessageRateLimit", "Limits", Kind.COUNT, "Messages per minute",
            "How many messages one client may send in a minute.",
            "documents 000, 001; Set-ReceiveConnector", minimum=1, maximum=2147483647, unlimited=True, group="Messages",
        ),
    ] = None
    message_rate_source: Annotated[
        MessageRateSource,
        Setting(
            "MessageRateSource", "Limits", Kind.CHOICE, "Count messages by",
            "The client's address, the sender's address, or both together.",
            CMDLET, choices=MessageRateSource, group="Messages",
        ),
    ] = MessageRateSource.IPAddress
    max_recipients_per_message: Annotated[
        int,
        Setting(
            "MaxRecipientsPerMessage", "Limits", Kind.COUNT, "Recipients per message",
            "Each further recipient is answered 452; the client sends those in another message.",
            "document 001 (200); " + CMDLET, minimum=1, maximum=512000, group="Messages",
        ),
    ] = 200
    max_header_size: Annotated[
        int,
        Setting(
            "MaxHeaderSize", "Limits", Kind.SIZE, "Maximum header size",
            "A larger header is refused and the connection closed; one beyond 1 MB always is.",
            CMDLET, minimum=1, maximum=2147483647, group="Messages",
        ),
    ] = 256 * 1024
    max_protocol_errors: Annotated[
        int | None,
        Setting(
            "MaxProtocolErrors", "Limits", Kind.COUNT, "Protocol errors before closing",
            "Commands that are unknown, out of order or malformed. On the last one the connection is closed.",
            "document 001 (5); " + CMDLET, minimum=0, maximum=2147483647, unlimited=True, group="Errors and delays",
        ),
    ] = 5
    max_logon_failures: Annotated[
        int,
        Setting(
            "MaxLogonFailures", "Limits", Kind.COUNT, "Failed sign-ins before closing",
            "0: never close.",
            CMDLET, minimum=0, maximum=10, group="Errors and delays",
        ),
    ] = 3
    tarpit_interval: Annotated[
        int,
        Setting(
            "TarpitInterval", "Limits", Kind.TIMESPAN, "Tarpit interval",
            "How long each 5.x.x reply to an anonymous client is held back. 00:00:00: not at all.",
            "documents 000, 001; Set-ReceiveConnector", minimum=0, maximum=600, group="Errors and delays",
        ),
    ] = 5
    auth_tarpit_interval: Annotated[
        int,
        Setting(
            "AuthTarpitInterval", "Limits", Kind.TIMESPAN, "Tarpit interval of failed sign-ins",
            "How long the answer to a failed sign-in is held back. 00:00:00: not at all.",
            CMDLET, minimum=0, maximum=600, group="Errors and delays",
        ),
    ] = 5
    connection_timeout: Annotated[
        int,
        Setting(
            "ConnectionTimeout", "Limits", Kind.TIMESPAN, "Connection time-out",
            "How long a connection may last in all, even while it is busy.",
            CMDLET, minimum=1, maximum=86400, group="Time-outs",
        ),
    ] = 600
    connection_inactivity_timeout: Annotated[
        int,
        Setting(
            "ConnectionInactivityTimeout", "Limits", Kind.TIMESPAN, "Inactivity time-out",
            "How long a connection may stay silent. Must be shorter than the connection time-out.",
            CMDLET, minimum=1, maximum=86400, group="Time-outs",
        ),
    ] = 300
    size_enabled: Annotated[
        SizeMode,
        Setting(
            "SizeEnabled", "Extensions", Kind.CHOICE, "SIZE",
            "Tells clients the maximum message size, or only that sizes are understood.",
            CMDLET, choices=SizeMode, group="Offered in the answer to EHLO",
        ),
    ] = SizeMode.Enabled
    pipelining_enabled: Annotated[
        bool,
        Setting(
            "PipeliningEnabled", "Extensions", Kind.FLAG, "PIPELINING",
            "Clients may send several commands at once.",
            CMDLET, group="Offered in the answer to EHLO",
        ),
    ] = True
    delivery_status_notification_enabled: Annotated[
        bool,
        Setting(
            "DeliveryStatusNotificationEnabled", "Extensions", Kind.FLAG, "DSN",
            "Clients may say which reports on delivery they want.",
            CMDLET, group="Offered in the answer to EHLO",
        ),
    ] = True
    enhanced_status_codes_enabled: Annotated[
        bool,
        Setting(
            "EnhancedStatusCodesEnabled", "Extensions", Kind.FLAG, "ENHANCEDSTATUSCODES",
            "Replies carry codes such as 5.7.1. Off: no reply has one.",
            CMDLET, group="Offered in the answer to EHLO",
        ),
    ] = True
    eight_bit_mime_enabled: Annotated[
        bool,
        Setting(
            "EightBitMimeEnabled", "Extensions", Kind.FLAG, "8BITMIME",
            "Messages may have eight-bit text.",
            CMDLET, group="Offered in the answer to EHLO",
        ),
    ] = True
    chunking_enabled: Annotated[
        bool,
        Setting(
            "ChunkingEnabled", "Extensions", Kind.FLAG, "CHUNKING",
            "Clients may send a message in chunks, with BDAT.",
            CMDLET, group="Offered in the answer to EHLO",
        ),
    ] = True
    binary_mime_enabled: Annotated[
        bool,
        Setting(
            "BinaryMimeEnabled", "Extensions", Kind.FLAG, "BINARYMIME",
            "Messages may be binary; this needs CHUNKING.",
            CMDLET, group="Offered in the answer to EHLO",
        ),
    ] = True
    smtp_utf8_enabled: Annotated[
        bool,
        Setting(
            "SmtpUtf8Enabled", "Extensions", Kind.FLAG, "SMTPUTF8",
            "Addresses and headers may have characters beyond ASCII.",
            CMDLET, group="Offered in the answer to EHLO",
        ),
    ] = True
    orar_enabled: Annotated[
        bool,
        Setting(
            "OrarEnabled", "Extensions", Kind.FLAG, "XORAR",
            "Clients may name an alternate recipient; it is accepted and not used.",
            CMDLET, group="Offered in the answer to EHLO",
        ),
    ] = False
    pick_up_enabled: Annotated[
        bool,
        Setting(
            "PickUpEnabled", "Extensions", Kind.FLAG, "ETRN, ATRN and TURN",
            "Where mail of an accepted domain is kept until it is asked for, its owners may ask here.",
            "ours", group="Offered in the answer to EHLO",
        ),
    ] = True
    long_addresses_enabled: Annotated[
        bool,
        Setting(
            "LongAddressesEnabled", "Extensions", Kind.FLAG, "XLONGADDR",
            "Addresses may have 1,860 characters, as those of X.400.",
            CMDLET, group="Offered in the answer to EHLO",
        ),
    ] = False
    bare_linefeed_rejection_enabled: Annotated[
        bool,
        Setting(
            "BareLinefeedRejectionEnabled", "Extensions", Kind.FLAG, "Refuse messages with bare line feeds",
            "Old devices send them, RFC 5321 forbids them. Off: they are accepted, and mended on the way out. A bare "
            "carriage return and NUL are accepted and mended either way.",
            CMDLET, group="What is refused",
        ),
    ] = False
    early_talker_rejection_enabled: Annotated[
        bool,
        Setting(
            "EarlyTalkerRejectionEnabled", "Extensions", Kind.FLAG, "Refuse clients that talk before the greeting",
            "Mail software waits for it, many spam programs do not. Off: for a load balancer or device of your own "
            "that does not wait.",
            "own setting; RFC 5321 §4.3.1", group="What is refused",
        ),
    ] = True
    require_ehlo_domain: Annotated[
        bool,
        Setting(
            "RequireEHLODomain", "Extensions", Kind.FLAG, "Require a domain after EHLO",
            "A client that gives none is closed.",
            CMDLET, group="What is refused",
        ),
    ] = False
    reject_reserved_top_level_recipient_domains: Annotated[
        bool,
        Setting(
            "RejectReservedTopLevelRecipientDomains", "Extensions", Kind.FLAG,
            "Refuse recipients in .test, .example, .invalid and .localhost",
            "These top-level domains are reserved.",
            CMDLET, group="What is refused",
        ),
    ] = False
    reject_reserved_second_level_recipient_domains: Annotated[
        bool,
        Setting(
            "RejectReservedSecondLevelRecipientDomains", "Extensions", Kind.FLAG,
            "Refuse recipients in example.com, example.net and example.org",
            "These domains are reserved.",
            CMDLET, group="What is refused",
        ),
    ] = False
    reject_single_label_recipient_domains: Annotated[
        bool,
        Setting(
            "RejectSingleLabelRecipientDomains", "Extensions", Kind.FLAG, "Refuse recipients in single-label domains",
            "Such as chris@contoso.",
            CMDLET, group="What is refused",
        ),
    ] = False
    suppress_x_anonymous_tls: Annotated[
        bool,
        Setting(
            "SuppressXAnonymousTls", "Extensions", Kind.FLAG, "Hide X-ANONYMOUSTLS",
            "Kept from an import.",
            CMDLET, not_enforced="X-ANONYMOUSTLS is never offered: it serves Exchange servers among themselves.",
        ),
    ] = False
    tls_certificate_name: Annotated[
        str,
        Setting(
            "TlsCertificateName", "Certificate", Kind.TEXT, "Certificate for STARTTLS",
            "Written <I>issuer<S>subject. Empty: the certificate that fits the FQDN best.",
            "document 004; Set-ReceiveConnector", maximum=1000,
        ),
    ] = ""
    minimum_tls_version: Annotated[
        TlsVersion,
        Setting(
            "MinimumTlsVersion", "Certificate", Kind.CHOICE, "Lowest TLS version",
            "Older devices may need TLS 1.2.",
            "own setting", choices=TlsVersion,
        ),
    ] = TlsVersion.Tls12
    require_128_bit_encryption: Annotated[
        bool,
        Setting(
            "Require128BitEncryption", "Certificate", Kind.FLAG, "Require 128-bit encryption",
            "Ciphers of 128 bits and more that keep what was said a secret even when the private key gets lost. "
            "Off: old devices may also use the others that OpenSSL still has.",
            "document 002",
        ),
    ] = True
    service_discovery_fqdn: Annotated[
        str,
        Setting(
            "ServiceDiscoveryFqdn", "Certificate", Kind.HOST_NAME, "Service discovery FQDN",
            "Kept from an import.",
            CMDLET, not_enforced="Nothing here looks services up by name.", maximum=255,
        ),
    ] = ""
    tls_domain_capabilities: Annotated[
        str,
        Setting(
            "TlsDomainCapabilities", "Certificate", Kind.TEXT, "TLS domain capabilities",
            "Kept from an import.",
            CMDLET, not_enforced="It serves hybrid deployments with Exchange Online.", maximum=4096,
        ),
    ] = ""
