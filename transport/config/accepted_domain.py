"""Accepted domains: which recipients are ours, and how far. Source: Exchange reference, section 4.1."""

from __future__ import annotations

from typing import Annotated

import msgspec

from transport.config.delivery_host import DeliveryHost
from transport.config.endpoint import IPRange
from transport.config.kinds import Kind, Setting
from transport.config.labelled import Labelled

# A row of the table is a paragraph, whatever its length.
# fmt: off


class DomainType(Labelled):
    """Who knows the recipients of the domain, in the EAC's words."""

    Authoritative = "Authoritative"
    InternalRelay = "InternalRelay", "Internal Relay"
    ExternalRelay = "ExternalRelay", "External Relay"


class DeliverTo(Labelled):
    """Where mail for recipients of the domain goes; of an internal relay domain, for those who are not here."""

    Usual = "Usual", "Mailboxes here, or a Send connector, as the type says"
    Lmtp = "LMTP", "An LMTP server, such as Dovecot or Cyrus"
    Host = "Host", "A host"
    PickUp = "PickUp", "Nobody, until it is asked for"


class PickUp(Labelled):
    """The commands by which kept mail is asked for. Sending mail outward, section 3.1."""

    Etrn = "ETRN", "ETRN: it is sent to the domain's server, over a new connection"
    Atrn = "ATRN", "ATRN: it is sent over the connection of whoever has signed in (RFC 2645)"
    Turn = "TURN", "TURN: the same, for clients that do not know ATRN"


class AcceptedDomain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A domain for which mail is accepted from everybody who may submit. `domain_name` is lower case ASCII."""

    name: Annotated[
        str,
        Setting(
            "Name", "General", Kind.TEXT, "Name", "How the domain is called here; empty: the domain itself.",
            "New-AcceptedDomain", maximum=64,
        ),
    ]
    domain_name: Annotated[
        str,
        Setting(
            "DomainName", "General", Kind.DOMAIN_NAME, "Accepted domain",
            "contoso.com, *.contoso.com for every subdomain, or * for every domain. It cannot be changed later.",
            "New-AcceptedDomain", minimum=1, maximum=256,
        ),
    ]
    domain_type: Annotated[
        DomainType,
        Setting(
            "DomainType", "General", Kind.CHOICE, "This domain is",
            "Authoritative: every recipient is in the directory here. Internal Relay: some are, the rest are "
            "sent on. External Relay: all mail is sent on.",
            "New-AcceptedDomain", choices=DomainType,
        ),
    ] = DomainType.Authoritative
    match_subdomains: Annotated[
        bool,
        Setting(
            "MatchSubDomains", "General", Kind.FLAG, "Accept mail for all subdomains",
            "contoso.com then also stands for sales.contoso.com.", "Set-AcceptedDomain",
        ),
    ] = False
    default: Annotated[
        bool,
        Setting(
            "Default", "General", Kind.FLAG, "Make this the default domain",
            "One domain is always the default; it gives the postmaster address. Choose another to replace it.",
            "Set-AcceptedDomain -MakeDefault",
        ),
    ] = False
    address_book_enabled: Annotated[
        bool,
        Setting(
            "AddressBookEnabled", "General", Kind.FLAG, "Look recipients up in the directory",
            "Only for authoritative domains: the recipient filter may refuse those who are not listed.",
            "Set-AcceptedDomain",
        ),
    ] = True
    deliver_to: Annotated[
        DeliverTo,
        Setting(
            "DeliverTo", "Delivery", Kind.CHOICE, "Its mail goes to",
            "No Send connector is asked where an LMTP server or a host is named. Of an internal relay domain, mail for "
            "recipients of the directory stays here. What waits to be asked for, “Retry” on its queue sends as well.",
            "ours", choices=DeliverTo,
        ),
    ] = DeliverTo.Usual
    delivery_hosts: Annotated[
        tuple[DeliveryHost, ...],
        Setting(
            "DeliveryHosts", "Delivery", Kind.HOSTS, "Hosts",
            "One each line, tried in this order: mail.contoso.com, [10.1.2.3]:2525, or of an LMTP server a socket of "
            "this machine, such as /run/dovecot/lmtp. The usual port is 25, of LMTP 24. What is asked for by ETRN "
            "goes to these hosts, too; without any, where the Send connectors say.",
            "ours", maximum=20,
        ),
    ] = ()
    pick_up_methods: Annotated[
        frozenset[PickUp],
        Setting(
            "PickUpMethods", "Kept until it is asked for", Kind.FLAG_SET, "It may be asked for by",
            "Sign-in is needed; for ETRN an address of the list below will do.",
            "ours", choices=PickUp,
        ),
    ] = frozenset({PickUp.Etrn})
    pick_up_principals: Annotated[
        tuple[str, ...],
        Setting(
            "PickUpPrincipals", "Kept until it is asked for", Kind.NAMES, "Users and groups who may ask",
            "One each line, such as CONTOSO\\branch or a group's name.",
            "Exchange 2003, Delivery Options", maximum=100,
        ),
    ] = ()
    pick_up_ranges: Annotated[
        tuple[IPRange, ...],
        Setting(
            "PickUpRanges", "Kept until it is asked for", Kind.RANGES,
            "Addresses that may ask by ETRN without signing in",
            "One each line, such as 203.0.113.7 or 203.0.113.0/28. They are not told how much waits.",
            "ours", maximum=100,
        ),
    ] = ()
    pick_up_expiration_timeout: Annotated[
        int | None,
        Setting(
            "PickUpExpirationTimeout", "Kept until it is asked for", Kind.TIMESPAN, "It is kept for",
            "Then it comes back to its sender, who hears of no delay before. Unlimited: as for the organization.",
            "ours", minimum=60, maximum=7776000, unlimited=True,
        ),
    ] = None
