"""Connection filter: which client addresses are refused or trusted. Source: Exchange reference, section 6.4."""

from __future__ import annotations

from typing import Annotated

import msgspec

from transport.config.endpoint import Binding, IPRange
from transport.config.filters import MOST_ENTRIES, external_mail, internal_mail
from transport.config.kinds import Kind, Setting
from transport.config.labelled import Labelled

# A row of the table is a paragraph, whatever its length.
# fmt: off

CMDLET = "Set-IPBlockListConfig"
PROVIDER = "Add-IPBlockListProvider"
LONGEST_RESPONSE = 240


class IPList(Labelled):
    """Block: refused. Allow: no filter looks at the client's mail."""

    Block = "Block", "is refused (block list)"
    Allow = "Allow", "is trusted (allow list)"


class ConnectionFilter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The switches of the connection filter, and how DNS is asked. Times in seconds."""

    ip_allow_list_enabled: Annotated[
        bool,
        Setting(
            "IPAllowListEnabled", "Lists", Kind.FLAG, "Use the IP Allow list",
            "Mail of a client on it passes no other filter.", "Set-IPAllowListConfig -Enabled",
        ),
    ] = True
    ip_block_list_enabled: Annotated[
        bool,
        Setting(
            "IPBlockListEnabled", "Lists", Kind.FLAG, "Use the IP Block list",
            "Every recipient of a client on it is refused.", "Set-IPBlockListConfig -Enabled",
        ),
    ] = True
    static_entry_rejection_response: Annotated[
        str,
        Setting(
            "StaticEntryRejectionResponse", "Lists", Kind.RESPONSE, "Reply to clients on the IP Block list",
            "Stands behind 550 5.7.1; printable ASCII, at most 240 characters. Empty: our own words.",
            CMDLET, maximum=LONGEST_RESPONSE,
        ),
    ] = ""
    ip_allow_list_providers_enabled: Annotated[
        bool,
        Setting(
            "IPAllowListProvidersEnabled", "Providers", Kind.FLAG, "Ask the allow-list providers",
            "Mail of a client that one of them lists passes no other filter.",
            "Set-IPAllowListProvidersConfig -Enabled",
        ),
    ] = True
    ip_block_list_providers_enabled: Annotated[
        bool,
        Setting(
            "IPBlockListProvidersEnabled", "Providers", Kind.FLAG, "Ask the block-list providers",
            "Every recipient of a client that one of them lists is refused.",
            "Set-IPBlockListProvidersConfig -Enabled",
        ),
    ] = True
    bypassed_recipients: Annotated[
        tuple[str, ...],
        Setting(
            "BypassedRecipients", "Exceptions", Kind.ADDRESSES,
            "Do not block messages sent to the following addresses",
            "One address on each line, at most 800. They get mail from clients on a block list as well, for "
            "example an address for complaints.",
            "Set-IPBlockListProvidersConfig", maximum=MOST_ENTRIES,
        ),
    ] = ()
    external_mail_enabled: Annotated[bool, external_mail(CMDLET)] = True
    internal_mail_enabled: Annotated[bool, internal_mail(CMDLET)] = False
    reverse_dns_lookup_enabled: Annotated[
        bool,
        Setting(
            "ReverseDnsLookupEnabled", "DNS", Kind.FLAG, "Perform reverse DNS lookup on incoming messages",
            "The name of the client's address, and whether it matches the name that the client gave, is written "
            "into the Received header. No mail is refused by it.",
            "document 002",
        ),
    ] = False
    dns_servers: Annotated[
        tuple[Binding, ...],
        Setting(
            "DnsServers", "DNS", Kind.NAME_SERVERS, "DNS servers",
            "One address on each line, with :port if it is not 53. They are asked for block lists and for the names of "
            "clients, and for mail servers where a Send connector uses them. Empty: those of the operating system.",
            "Set-TransportService -ExternalDNSServers",
        ),
    ] = ()
    dns_timeout: Annotated[
        int,
        Setting(
            "DnsTimeout", "DNS", Kind.TIMESPAN, "DNS time-out",
            "A client whose look-up takes longer counts as not listed; its mail waits no longer than this.",
            "ours", minimum=1, maximum=30,
        ),
    ] = 2


class IPListEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Addresses on the IP Allow or IP Block list. `expiration_time` in Unix seconds, None for ever."""

    ip_list: Annotated[
        IPList,
        Setting(
            "List", "General", Kind.CHOICE, "List", "The list that the entry is on.", "Add-IPBlockListEntry",
            choices=IPList,
        ),
    ] = IPList.Block
    ip_range: Annotated[
        str,
        Setting(
            "IPRange", "General", Kind.RANGE, "Address, range or network",
            "192.0.2.7, 192.0.2.1-192.0.2.99 or 192.0.2.0/24; IPv6 as well.", "Add-IPBlockListEntry",
        ),
    ]
    comment: Annotated[
        str,
        Setting(
            "Comment", "General", Kind.TEXT, "Comment", "Why it is here, for whoever reads this in a year.",
            "Add-IPBlockListEntry", maximum=512,
        ),
    ] = ""
    expiration_time: Annotated[
        int | None,
        Setting(
            "ExpirationTime", "General", Kind.TIME, "Expires",
            "From then on the entry is not applied; empty: it stays. For example 2027-01-31 17:00.",
            "Add-IPBlockListEntry",
        ),
    ] = None

    @property
    def name(self) -> str:
        """What it is called in the change history."""
        return f"{self.ip_range} ({self.ip_list.value})"

    @property
    def bounds(self) -> tuple[int, int, int]:
        """(IP version, lowest address, highest address)."""
        return IPRange(self.ip_range).bounds

    def applies(self, now: float) -> bool:
        """False once it has expired; `now` in Unix seconds."""
        return self.expiration_time is None or now < self.expiration_time


class IPListProvider(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list that is asked by DNS (RFC 5782): which answers count, and what a listed client is told."""

    name: Annotated[
        str,
        Setting(
            "Name", "General", Kind.TEXT, "Name", "How the provider is called here and in %1.", PROVIDER,
            minimum=1, maximum=64,
        ),
    ]
    ip_list: Annotated[
        IPList,
        Setting(
            "List", "General", Kind.CHOICE, "A client that is listed",
            "No filter looks at the mail of a trusted client.", PROVIDER, choices=IPList,
        ),
    ] = IPList.Block
    lookup_domain: Annotated[
        str,
        Setting(
            "LookupDomain", "General", Kind.HOST_NAME, "Lookup domain",
            "The domain that is asked, such as zen.example.org: 7.2.0.192.zen.example.org for 192.0.2.7.",
            PROVIDER, minimum=1, maximum=200,
        ),
    ]
    enabled: Annotated[
        bool,
        Setting("Enabled", "General", Kind.FLAG, "Enabled", "A disabled provider is not asked.", PROVIDER),
    ] = True
    priority: Annotated[
        int,
        Setting(
            "Priority", "General", Kind.COUNT, "Priority",
            "1 decides first; the provider that has this number and those behind it move one down.",
            PROVIDER, minimum=1, maximum=1000,
        ),
    ] = 1
    any_match: Annotated[
        bool,
        Setting(
            "AnyMatch", "Match", Kind.FLAG, "Match to any return code",
            "Every answer in 127.0.0.0/8 counts, but those by which lists say that they do not serve who asks.",
            PROVIDER,
        ),
    ] = True
    bitmask_match: Annotated[
        str,
        Setting(
            "BitmaskMatch", "Match", Kind.RETURN_CODE, "Match to a mask",
            "An answer counts that has a bit of this mask set, for example 127.0.0.4.", PROVIDER,
        ),
    ] = ""
    ip_addresses_match: Annotated[
        tuple[str, ...],
        Setting(
            "IPAddressesMatch", "Match", Kind.RETURN_CODES, "Match to any of the following responses",
            "One answer on each line, for example 127.0.0.2.", PROVIDER, maximum=MOST_ENTRIES,
        ),
    ] = ()
    rejection_response: Annotated[
        str,
        Setting(
            "RejectionResponse", "Reply", Kind.RESPONSE, "Reply to a listed client",
            "Stands behind 550 5.7.1; printable ASCII, at most 240 characters. %0 is the client's address, %1 the "
            "provider's name, %2 its domain. Empty: the usual reply.",
            PROVIDER, maximum=LONGEST_RESPONSE,
        ),
    ] = ""
