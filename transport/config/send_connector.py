"""Send connectors: where mail for other domains goes. Source: Exchange reference, sections 8.1 and 8.3."""

from __future__ import annotations

from typing import Annotated

import msgspec

from transport.config.address_space import AddressSpace
from transport.config.endpoint import IPRange
from transport.config.kinds import Kind, Setting

# A row of the table is a paragraph, whatever its length.
# fmt: off

CMDLET = "New-SendConnector"


class SendConnector(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How mail for some address spaces leaves: to the MX hosts of the recipient's domain, or to smart hosts."""

    name: Annotated[
        str,
        Setting("Name", "General", Kind.TEXT, "Name", "How this connector is called.", CMDLET, minimum=1, maximum=64),
    ]
    enabled: Annotated[
        bool, Setting("Enabled", "General", Kind.FLAG, "Enabled", "Mail takes only enabled connectors.", CMDLET)
    ] = True
    comment: Annotated[
        str, Setting("Comment", "General", Kind.TEXT, "Comment", "For you and your colleagues.", CMDLET, maximum=2048)
    ] = ""
    address_spaces: Annotated[
        tuple[AddressSpace, ...],
        Setting(
            "AddressSpaces", "Address spaces", Kind.ADDRESS_SPACES, "Address spaces",
            "One each line: * for everything, contoso.com, or *.contoso.com; add ;cost to prefer one connector "
            "(the lowest cost wins).",
            CMDLET,
        ),
    ] = ()
    dns_routing_enabled: Annotated[
        bool,
        Setting(
            "DNSRoutingEnabled", "Network settings", Kind.FLAG, "MX record associated with recipient domain",
            "Off: mail goes to the smart hosts below.", CMDLET,
        ),
    ] = True
    smart_hosts: Annotated[
        tuple[str, ...],
        Setting(
            "SmartHosts", "Network settings", Kind.SMART_HOSTS, "Smart hosts",
            "One each line: a name or an address in brackets, such as mail.contoso.com or [10.10.10.100]. "
            "They are tried in this order.",
            CMDLET,
        ),
    ] = ()
    internal_ip_ranges: Annotated[
        tuple[IPRange, ...],
        Setting(
            "InternalIPRanges", "Network settings", Kind.RANGES, "Internal addresses that MX records may lead to",
            "One each line, such as 10.1.0.0/16. To other private, loopback, link-local or own addresses, and to an "
            "address instead of a domain (anna@[10.1.2.3]), nothing is sent: strangers could choose them. Smart hosts "
            "need no entry.",
            "ours",
        ),
    ] = ()
    port: Annotated[
        int,
        Setting(
            "Port", "Network settings", Kind.COUNT, "Port", "TCP port of the next hop.", CMDLET,
            minimum=1, maximum=65535,
        ),
    ] = 25
    fqdn: Annotated[
        str,
        Setting(
            "Fqdn", "Session", Kind.HOST_NAME, "FQDN",
            "The name given in EHLO. Empty: this server's own name.", CMDLET, maximum=255,
        ),
    ] = ""
    max_messages_per_connection: Annotated[
        int,
        Setting(
            "SmtpMaxMessagesPerConnection", "Session", Kind.COUNT, "Messages per connection",
            "After this many messages a new connection is opened.", CMDLET, minimum=1, maximum=2147483647,
        ),
    ] = 20
