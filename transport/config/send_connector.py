"""THE table of Send connector settings: where mail for other domains goes, through whom and how protected.

Names, defaults and bounds: Exchange reference, sections 8.1 and 8.7; a setting whose source is `ours` is no property of
Exchange's. Which connector takes a message: `transport.send.choice`.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from transport.config.address_space import AddressSpace
from transport.config.endpoint import IPRange
from transport.config.kinds import Kind, Setting
from transport.config.labelled import Labelled
from transport.config.receive_connector import ProtocolLoggingLevel

# A row of the table is a paragraph, whatever its length.
# fmt: off

CMDLET = "New-SendConnector"
ONE_SITE = "All servers here are in one site."
HYBRID = "It serves hybrid deployments with Exchange Online."


class SendUsage(Labelled):
    """The type chosen in the wizard; a label: all of them have the same permissions."""

    Custom = "Custom"
    Internal = "Internal"
    Internet = "Internet"
    Partner = "Partner"


class ConnectorType(Labelled):
    """What Exchange distinguishes for hybrid deployments."""

    Default = "Default"
    XPremises = "XPremises", "Cross-premises", HYBRID


class SmartHostAuth(Labelled):
    """How we sign in to smart hosts, in the EAC's words; one of them."""

    None_ = "None"
    BasicAuth = "BasicAuth", "Basic authentication"
    BasicAuthRequireTLS = "BasicAuthRequireTLS", "Basic authentication over TLS only"
    OAuth = "OAuth", "OAuth 2.0"
    ExchangeServer = (
        "ExchangeServer", "Exchange Server authentication",
        "it proves Exchange servers to each other, by their accounts in one Active Directory.",
    )
    ExternalAuthoritative = "ExternalAuthoritative", "Externally secured (for example, with IPsec)"


class TlsAuthLevel(Labelled):
    """How much TLS must prove where it is required. Sending mail outward, section 2.1."""

    None_ = "None", "Nothing (encryption, if it is offered)"
    EncryptionOnly = "EncryptionOnly", "Encryption only"
    CertificateValidation = "CertificateValidation", "A valid certificate"
    DomainValidation = "DomainValidation", "A valid certificate with the right name"


class DaneMode(Labelled):
    """DANE (RFC 7672), in the words of Exchange Online's SmtpDaneMode."""

    None_ = "None", "Off"
    Opportunistic = "Opportunistic", "Where a domain publishes it"
    Mandatory = "Mandatory", "Only to domains that publish it"


class MtaStsMode(Labelled):
    """MTA-STS (RFC 8461), in the words of Exchange Online's MtaStsMode."""

    None_ = "None", "Off"
    Opportunistic = "Opportunistic", "Where a domain publishes it"


class RequireTlsMode(Labelled):
    """What a message with REQUIRETLS (RFC 8689) gets where the next hop cannot promise it."""

    Enforce = "Enforce", "It comes back"
    IfPossible = "IfPossible", "It is delivered over the TLS that there is"


class AddressFamily(Labelled):
    """Which addresses of a host are tried, and first."""

    PreferIPv4 = "PreferIPv4", "IPv4, then IPv6"
    PreferIPv6 = "PreferIPv6", "IPv6, then IPv4"
    IPv4Only = "IPv4Only", "IPv4 only"
    IPv6Only = "IPv6Only", "IPv6 only"


class Provider(Labelled):
    """Whose limits and replies are expected of the smart hosts."""

    Other = "Other", "Other server"
    Microsoft365 = "Microsoft365", "Microsoft 365, client submission"
    Microsoft365Relay = "Microsoft365Relay", "Microsoft 365, relay connector"
    HighVolumeEmail = "HighVolumeEmail", "Microsoft 365, High Volume Email"
    AzureCommunicationServices = "AzureCommunicationServices", "Azure Communication Services"
    GoogleRelay = "GoogleRelay", "Google Workspace, SMTP relay"
    Gmail = "Gmail", "Gmail"
    AmazonSES = "AmazonSES", "Amazon SES"
    SendGrid = "SendGrid", "SendGrid"
    Mailgun = "Mailgun", "Mailgun"


class ErrorPolicy(Labelled):
    """Exchange's ErrorPolicies; without one of them an error is what it says."""

    DowngradeDnsFailures = "DowngradeDnsFailures", "A domain that DNS does not know is tried again"
    DowngradeCustomFailures = (
        "DowngradeCustomFailures", "Custom failures are tried again", "no source says which failures are custom."
    )
    UpgradeCustomFailures = (
        "UpgradeCustomFailures", "Custom failures come back", "no source says which failures are custom."
    )


class DeliveryWindow(Labelled):
    """When a connector delivers. Exchange 2003, Delivery Options."""

    Always = "Always", "Always run"
    Timetable = "Timetable", "At the times below"
    OnTrigger = "OnTrigger", "Only when it is triggered: by Retry on its queue, by its link, or by a partner"


class RequestMail(Labelled):
    """How mail that waits for us elsewhere is asked for. Exchange 2003, Advanced."""

    None_ = "None", "Do not send ETRN/TURN"
    Etrn = "ETRN", "Issue ETRN"
    Turn = "TURN", "Issue TURN"
    Atrn = "ATRN", "Issue ATRN (RFC 2645)"


SIGNS_IN = (SmartHostAuth.BasicAuth, SmartHostAuth.BasicAuthRequireTLS, SmartHostAuth.OAuth)
"""With a credential."""


class SendConnector(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How mail for some address spaces leaves: to the MX hosts of the recipient's domain, or to smart hosts."""

    name: Annotated[
        str,
        Setting(
            "Name", "General", Kind.TEXT, "Name",
            "How this connector is called.",
            CMDLET, minimum=1, maximum=64,
        ),
    ]
    enabled: Annotated[
        bool,
        Setting(
            "Enabled", "General", Kind.FLAG, "Enabled",
            "Mail takes only enabled connectors.",
            CMDLET,
        ),
    ] = True
    comment: Annotated[
        str,
        Setting(
            "Comment", "General", Kind.TEXT, "Comment",
            "For you and your colleagues.",
            CMDLET, maximum=2048,
        ),
    ] = ""
    usage: Annotated[
        SendUsage,
        Setting(
            "Usage", "General", Kind.CHOICE, "Type",
            "A label: all types have the same rights.",
            CMDLET, choices=SendUsage,
        ),
    ] = SendUsage.Custom
    protocol_logging_level: Annotated[
        ProtocolLoggingLevel,
        Setting(
            "ProtocolLoggingLevel", "General", Kind.CHOICE, "Protocol logging level",
            "Verbose: every conversation is in the protocol log.",
            CMDLET, choices=ProtocolLoggingLevel,
        ),
    ] = ProtocolLoggingLevel.None_
    protocol_logging_until: Annotated[
        int | None,
        Setting(
            "ProtocolLoggingUntil", "General", Kind.TIME, "Verbose until",
            "From then on the level is None: it is set by itself. Empty: it stays as it is.",
            "own setting",
        ),
    ] = None
    max_message_size: Annotated[
        int | None,
        Setting(
            "MaxMessageSize", "General", Kind.SIZE, "Maximum send message size",
            "A larger message takes another connector, or comes back.",
            CMDLET, minimum=0, maximum=2147483647, unlimited=True,
        ),
    ] = 36700160
    dns_routing_enabled: Annotated[
        bool,
        Setting(
            "DNSRoutingEnabled", "Delivery", Kind.FLAG, "MX record associated with recipient domain",
            "Off: mail goes to the smart hosts below.",
            CMDLET,
        ),
    ] = True
    smart_hosts: Annotated[
        tuple[str, ...],
        Setting(
            "SmartHosts", "Delivery", Kind.SMART_HOSTS, "Smart hosts",
            "One each line: a name or an address in brackets, such as mail.contoso.com or [10.10.10.100]. They "
            "are tried in this order.",
            CMDLET,
        ),
    ] = ()
    provider: Annotated[
        Provider,
        Setting(
            "Provider", "Delivery", Kind.CHOICE, "Provider",
            "Its limits are kept, and its replies understood: which stop the connector, which wait, which "
            "concern one message.",
            "ours", choices=Provider,
        ),
    ] = Provider.Other
    port: Annotated[
        int,
        Setting(
            "Port", "Delivery", Kind.COUNT, "Port",
            "TCP port of the next hop.",
            CMDLET, minimum=1, maximum=65535,
        ),
    ] = 25
    use_external_dns_servers_enabled: Annotated[
        bool,
        Setting(
            "UseExternalDNSServersEnabled", "Delivery / Names and addresses",
            Kind.FLAG, "Use the external DNS lookup settings",
            "On: the name servers for external look-ups are asked, not those of this system.",
            CMDLET,
        ),
    ] = False
    address_family: Annotated[
        AddressFamily,
        Setting(
            "AddressFamily", "Delivery / Names and addresses", Kind.CHOICE, "Addresses of a host",
            "Large receivers want reverse DNS of an IPv6 address.",
            "ours", choices=AddressFamily,
        ),
    ] = AddressFamily.PreferIPv4
    internal_ip_ranges: Annotated[
        tuple[IPRange, ...],
        Setting(
            "InternalIPRanges", "Delivery / Names and addresses",
            Kind.RANGES, "Internal addresses that MX records may lead to",
            "One each line, such as 10.1.0.0/16. To other private, loopback, link-local or own addresses, and "
            "to an address instead of a domain (anna@[10.1.2.3]), nothing is sent: strangers could choose them. "
            "Smart hosts need no entry.",
            "ours",
        ),
    ] = ()
    source_ip_address: Annotated[
        str,
        Setting(
            "SourceIPAddress", "Delivery / Names and addresses", Kind.TEXT, "Source address",
            "The address of this server that mail leaves from. Empty: the system chooses.",
            CMDLET, maximum=45,
        ),
    ] = ""
    smart_host_auth_mechanism: Annotated[
        SmartHostAuth,
        Setting(
            "SmartHostAuthMechanism", "Security / Sign-in to the smart hosts", Kind.CHOICE, "Smart host authentication",
            "How to sign in to the smart hosts.",
            CMDLET, choices=SmartHostAuth,
        ),
    ] = SmartHostAuth.None_
    authentication_credential: Annotated[
        tuple[str, ...],
        Setting(
            "AuthenticationCredential", "Security / Sign-in to the smart hosts", Kind.NAMES, "Credentials",
            "One each line, by name. Several share the mail, each within its own limits.",
            CMDLET, maximum=100,
        ),
    ] = ()
    require_tls: Annotated[
        bool,
        Setting(
            "RequireTLS", "Security / Transport Layer Security (TLS)", Kind.FLAG, "Require TLS",
            "Mail never leaves in the clear.",
            CMDLET,
        ),
    ] = False
    ignore_starttls: Annotated[
        bool,
        Setting(
            "IgnoreSTARTTLS", "Security / Transport Layer Security (TLS)", Kind.FLAG, "Ignore STARTTLS",
            "Mail leaves in the clear even where TLS is offered.",
            CMDLET,
        ),
    ] = False
    implicit_tls: Annotated[
        bool,
        Setting(
            "ImplicitTLS", "Security / Transport Layer Security (TLS)", Kind.FLAG, "TLS from the first octet",
            "For smart hosts on port 465 (RFC 8314).",
            "ours",
        ),
    ] = False
    tls_auth_level: Annotated[
        TlsAuthLevel,
        Setting(
            "TlsAuthLevel", "Security / Transport Layer Security (TLS)", Kind.CHOICE, "TLS must prove",
            "Needs “Require TLS”. Revocation lists are not asked for. A name of an MX record that DNS did not sign can "
            "be forged: DANE and MTA-STS close that gap.",
            CMDLET, choices=TlsAuthLevel,
        ),
    ] = TlsAuthLevel.None_
    tls_domain: Annotated[
        str,
        Setting(
            "TlsDomain", "Security / Transport Layer Security (TLS)", Kind.HOST_NAME, "Name in the certificate",
            "Such as mail.contoso.com, or *.contoso.com for every name below it. Empty: the recipient's domain, or a "
            "name below it.",
            CMDLET, maximum=255,
        ),
    ] = ""
    tls_certificate_name: Annotated[
        str,
        Setting(
            "TlsCertificateName", "Security / Transport Layer Security (TLS)", Kind.TEXT, "Our certificate",
            "Shown to a next hop that asks for one; issuer and subject, as in <I>CN=Contoso "
            "CA<S>CN=mail.contoso.com.",
            CMDLET, maximum=1024,
        ),
    ] = ""
    domain_secure_enabled: Annotated[
        bool,
        Setting(
            "DomainSecureEnabled", "Security / Transport Layer Security (TLS)",
            Kind.FLAG, "Domain Security (mutual TLS)",
            "To the secure domains of the transport settings mail leaves only over TLS: their host proves itself with "
            "a trusted certificate for the domain, and we show ours.",
            CMDLET,
        ),
    ] = False
    smtp_dane_mode: Annotated[
        DaneMode,
        Setting(
            "SmtpDaneMode", "Security / What the recipient's domain asks for", Kind.CHOICE, "DANE",
            "Needs a validating resolver on this machine.",
            "Exchange Online", choices=DaneMode,
        ),
    ] = DaneMode.Opportunistic
    mta_sts_mode: Annotated[
        MtaStsMode,
        Setting(
            "MtaStsMode", "Security / What the recipient's domain asks for", Kind.CHOICE, "MTA-STS",
            "Domains say by HTTPS that mail for them needs TLS, and to whom.",
            "Exchange Online", choices=MtaStsMode,
        ),
    ] = MtaStsMode.Opportunistic
    require_tls_mode: Annotated[
        RequireTlsMode,
        Setting(
            "RequireTlsMode", "Security / What the recipient's domain asks for",
            Kind.CHOICE, "A message that requires TLS",
            "For senders who ask for REQUIRETLS (RFC 8689).",
            "ours", choices=RequireTlsMode,
        ),
    ] = RequireTlsMode.Enforce
    dkim_signing_enabled: Annotated[
        bool,
        Setting(
            "DkimSigningEnabled", "Security / Signature", Kind.FLAG, "Sign with DKIM",
            "Mail of accepted domains that have an active key.",
            "ours",
        ),
    ] = True
    address_spaces: Annotated[
        tuple[AddressSpace, ...],
        Setting(
            "AddressSpaces", "Address space", Kind.ADDRESS_SPACES, "Address spaces",
            "One each line: * for everything, contoso.com, or *.contoso.com; -- for all accepted domains. Add "
            ";cost to prefer one connector (the lowest cost wins).",
            CMDLET,
        ),
    ] = ()
    allow_relay: Annotated[
        bool,
        Setting(
            "AllowRelay", "Address space", Kind.FLAG, "Allow messages to be relayed to these domains",
            "Everybody who may submit, also without signing in, then reaches these domains through any Receive "
            "connector: it overrides the relay restrictions.",
            "Exchange 2003, Address Space",
        ),
    ] = False
    senders: Annotated[
        tuple[str, ...],
        Setting(
            "Senders", "Address space / Only some mail", Kind.SENDERS, "Only for these senders",
            "One each line: anna@contoso.com or contoso.com. Empty: for all. Reports have no sender and take "
            "another connector.",
            "ours", maximum=1000,
        ),
    ] = ()
    source_receive_connectors: Annotated[
        tuple[str, ...],
        Setting(
            "SourceReceiveConnectors", "Address space / Only some mail",
            Kind.NAMES, "Only for mail of these Receive connectors",
            "One each line, by name. Empty: for all.",
            "ours", maximum=1000,
        ),
    ] = ()
    accept_messages_from: Annotated[
        tuple[str, ...],
        Setting(
            "AcceptMessagesFrom", "Delivery restrictions", Kind.NAMES, "Accept messages from",
            "Users, groups or addresses, one each line or with semicolons. Empty: from everyone. It counts who has "
            "signed in: an address stands for the users who have it. Reports always pass.",
            "Exchange 2003, Delivery Restrictions", maximum=10000,
        ),
    ] = ()
    reject_messages_from: Annotated[
        tuple[str, ...],
        Setting(
            "RejectMessagesFrom", "Delivery restrictions", Kind.NAMES, "Reject messages from",
            "Users, groups or addresses, one each line or with semicolons. It goes before the list above. It counts "
            "who has signed in, and the sender's address: that of a user who is named, too.",
            "Exchange 2003, Delivery Restrictions", maximum=10000,
        ),
    ] = ()
    max_messages_per_connection: Annotated[
        int,
        Setting(
            "SmtpMaxMessagesPerConnection", "Limits", Kind.COUNT, "Messages per connection",
            "After this many messages a new connection is opened.",
            CMDLET, minimum=1, maximum=2147483647,
        ),
    ] = 20
    connection_inactivity_time_out: Annotated[
        int,
        Setting(
            "ConnectionInactivityTimeOut", "Limits / Outbound connections", Kind.TIMESPAN, "Connection time-out",
            "How long a server may stay silent before its connection is closed.",
            CMDLET, minimum=1, maximum=86400,
        ),
    ] = 600
    max_outbound_connections: Annotated[
        int | None,
        Setting(
            "MaxOutboundConnections", "Limits / Outbound connections", Kind.COUNT, "Limit connections to",
            "Connections of this connector at one time. Unlimited: those of the organization.",
            "Exchange 2003, Outbound Connections", minimum=1, maximum=100000, unlimited=True,
        ),
    ] = None
    max_per_domain_outbound_connections: Annotated[
        int | None,
        Setting(
            "MaxPerDomainOutboundConnections", "Limits / Outbound connections",
            Kind.COUNT, "Limit connections per domain to",
            "Connections of this connector to one next hop. Unlimited: those of the organization. One worker opens at "
            "most 100: for more, run more of them.",
            "Exchange 2003, Outbound Connections", minimum=1, maximum=100000, unlimited=True,
        ),
    ] = None
    delivery_window: Annotated[
        DeliveryWindow,
        Setting(
            "DeliveryWindow", "Delivery options", Kind.CHOICE, "Connection time",
            "When mail leaves.",
            "Exchange 2003, Delivery Options", choices=DeliveryWindow,
        ),
    ] = DeliveryWindow.Always
    delivery_times: Annotated[
        tuple[str, ...],
        Setting(
            "DeliveryTimes", "Delivery options", Kind.TIMETABLE, "Times",
            "One each line, local time, in quarters of an hour: Mon-Fri 08:00-18:00, or Sat 22:15.",
            "Exchange 2003, Delivery Options", maximum=100,
        ),
    ] = ()
    oversize_limit: Annotated[
        int | None,
        Setting(
            "OversizeLimit", "Delivery options / Oversize messages", Kind.SIZE, "Oversize messages are greater than",
            "They leave at times of their own, whatever the connection time says. Unlimited: none is oversize.",
            "Exchange 2003, Delivery Options", minimum=1, maximum=2147483647, unlimited=True,
        ),
    ] = None
    oversize_delivery_times: Annotated[
        tuple[str, ...],
        Setting(
            "OversizeDeliveryTimes", "Delivery options / Oversize messages",
            Kind.TIMETABLE, "Times for oversize messages",
            "One each line, like Sat 22:15 or Mon-Fri 20:00-24:00. Empty: oversize messages leave with the others.",
            "Exchange 2003, Delivery Options", maximum=100,
        ),
    ] = ()
    link: Annotated[
        str,
        Setting(
            "Link", "Delivery options / Link", Kind.TEXT, "Link",
            "The name of a link in links.toml of this machine, which is brought up to deliver and taken down when "
            "nothing waits. Empty: the network is always there.",
            "ours", maximum=64,
        ),
    ] = ""
    delay_notification_timeout: Annotated[
        int | None,
        Setting(
            "DelayNotificationTimeout", "Delivery options / Mail that waits", Kind.TIMESPAN,
            "Notify sender when message is delayed after",
            "Unlimited: as for the organization.",
            "ours", minimum=1, maximum=2592000, unlimited=True,
        ),
    ] = None
    message_expiration_timeout: Annotated[
        int | None,
        Setting(
            "MessageExpirationTimeout", "Delivery options / Mail that waits",
            Kind.TIMESPAN, "Maximum time since submission",
            "Unlimited: as for the organization.",
            "ours", minimum=5, maximum=7776000, unlimited=True,
        ),
    ] = None
    request_mail: Annotated[
        RequestMail,
        Setting(
            "RequestMail", "Advanced / Request mail (ETRN/TURN)", Kind.CHOICE, "Request mail",
            "Mail that waits for us on another server is asked for.",
            "Exchange 2003, Advanced", choices=RequestMail,
        ),
    ] = RequestMail.None_
    request_mail_when_sending: Annotated[
        bool,
        Setting(
            "RequestMailWhenSending", "Advanced / Request mail (ETRN/TURN)",
            Kind.FLAG, "Request ETRN/TURN when sending messages",
            "Each time that messages were sent to this connector's smart host.",
            "Exchange 2003, Advanced",
        ),
    ] = False
    request_mail_times: Annotated[
        tuple[str, ...],
        Setting(
            "RequestMailTimes", "Advanced / Request mail (ETRN/TURN)",
            Kind.TIMETABLE, "Additionally request mail at specified times",
            "One each line, local time: Mon-Fri 08:00-18:00 asks every quarter of an hour, Sat 22:15 once.",
            "Exchange 2003, Advanced", maximum=100,
        ),
    ] = ()
    request_mail_server: Annotated[
        str,
        Setting(
            "RequestMailServer", "Advanced / Request mail (ETRN/TURN)",
            Kind.TEXT, "Request ETRN/TURN from different server",
            "Name or address, with :port if it is not 25 (366 for ATRN). Empty: the smart host.",
            "Exchange 2003, Advanced", maximum=255,
        ),
    ] = ""
    request_mail_domains: Annotated[
        tuple[str, ...],
        Setting(
            "RequestMailDomains", "Advanced / Request mail (ETRN/TURN)", Kind.NAMES, "Domains",
            "For which mail is asked, one each line; @contoso.com also for subdomains. Empty: all accepted "
            "domains.",
            "Exchange 2003, Advanced", maximum=1000,
        ),
    ] = ()
    request_mail_receive_connector: Annotated[
        str,
        Setting(
            "RequestMailReceiveConnector", "Advanced / Request mail (ETRN/TURN)", Kind.TEXT, "Receive connector",
            "By whose settings mail is taken that comes over the connection that we opened (ATRN, TURN).",
            "ours", maximum=64,
        ),
    ] = ""
    fqdn: Annotated[
        str,
        Setting(
            "Fqdn", "Scoping", Kind.HOST_NAME, "FQDN",
            "The name given in EHLO. Empty: this server's own name.",
            CMDLET, maximum=255,
        ),
    ] = ""
    force_helo: Annotated[
        bool,
        Setting(
            "ForceHELO", "Advanced / Conversation", Kind.FLAG, "Send HELO instead of EHLO",
            "For servers that stumble over EHLO; then there is no TLS and no sign-in.",
            CMDLET,
        ),
    ] = False
    error_policies: Annotated[
        frozenset[ErrorPolicy],
        Setting(
            "ErrorPolicies", "Advanced / Conversation", Kind.FLAG_SET, "Error policies",
            "What an error of a next hop is taken for.",
            CMDLET, choices=ErrorPolicy, nothing="Default",
        ),
    ] = frozenset()
    source_transport_servers: Annotated[
        tuple[str, ...],
        Setting(
            "SourceTransportServers", "Scoping", Kind.NAMES, "Source servers",
            "Which servers may send through it.",
            CMDLET, maximum=1000, not_enforced="Every worker delivers through every connector.",
        ),
    ] = ()
    is_scoped_connector: Annotated[
        bool,
        Setting(
            "IsScopedConnector", "Scoping", Kind.FLAG, "Scoped send connector",
            "Only servers of the same site may send through it.",
            CMDLET, not_enforced=ONE_SITE,
        ),
    ] = False
    frontend_proxy_enabled: Annotated[
        bool,
        Setting(
            "FrontendProxyEnabled", "Scoping", Kind.FLAG, "Proxy through the Front End Transport service",
            "Mail leaves through another service of an Exchange server.",
            CMDLET, not_enforced="There are no two services here that mail would pass through.",
        ),
    ] = False
    connector_type: Annotated[
        ConnectorType,
        Setting(
            "ConnectorType", "Scoping", Kind.CHOICE, "Connector type",
            "For hybrid deployments.",
            CMDLET, choices=ConnectorType, not_enforced=HYBRID,
        ),
    ] = ConnectorType.Default
    cloud_services_mail_enabled: Annotated[
        bool,
        Setting(
            "CloudServicesMailEnabled", "Scoping", Kind.FLAG, "Cloud services mail",
            "For hybrid deployments.",
            CMDLET, not_enforced=HYBRID,
        ),
    ] = False
    require_oorg: Annotated[
        bool,
        Setting(
            "RequireOorg", "Scoping", Kind.FLAG, "Require the originating organization",
            "For hybrid deployments.",
            CMDLET, not_enforced=HYBRID,
        ),
    ] = False
    is_coexistence_connector: Annotated[
        bool,
        Setting(
            "IsCoexistenceConnector", "Scoping", Kind.FLAG, "Coexistence connector",
            "For hybrid deployments of Exchange 2010.",
            CMDLET, not_enforced=HYBRID,
        ),
    ] = False
    linked_receive_connector: Annotated[
        str,
        Setting(
            "LinkedReceiveConnector", "Scoping", Kind.TEXT, "Linked Receive connector",
            "For hybrid deployments of Exchange 2010.",
            CMDLET, maximum=255, not_enforced=HYBRID,
        ),
    ] = ""


_SMART, _MX = ("dns_routing_enabled", (False,)), ("dns_routing_enabled", (True,))
_ASKS = ("request_mail", (RequestMail.Etrn, RequestMail.Turn, RequestMail.Atrn))
NEEDS: dict[str, tuple[str, tuple[object, ...]]] = {
    "smart_hosts": _SMART,
    "provider": _SMART,
    "internal_ip_ranges": _MX,
    "smart_host_auth_mechanism": _SMART,
    "authentication_credential": ("smart_host_auth_mechanism", SIGNS_IN),
    "implicit_tls": _SMART,
    "tls_auth_level": ("require_tls", (True,)),
    "tls_domain": ("tls_auth_level", (TlsAuthLevel.DomainValidation,)),
    "domain_secure_enabled": _MX,
    "delivery_times": ("delivery_window", (DeliveryWindow.Timetable,)),
    "request_mail_when_sending": _ASKS,
    "request_mail_times": _ASKS,
    "request_mail_server": _ASKS,
    "request_mail_domains": _ASKS,
    "request_mail_receive_connector": ("request_mail", (RequestMail.Turn, RequestMail.Atrn)),
}
"""Setting → the other one, and the values of that, beside which it means anything: elsewhere it is not asked for."""


def applies(connector: SendConnector, field: str) -> bool:
    """Whether a setting means anything beside the others."""
    if field not in NEEDS:
        return True
    other, values = NEEDS[field]
    return getattr(connector, other) in values and applies(connector, other)
