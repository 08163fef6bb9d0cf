"""Protection settings that stand beside the connectors. Source: Exchange reference, sections 6.2 and 6.3."""

from __future__ import annotations

from typing import Annotated

import msgspec

from transport.config.kinds import Kind, Setting
from transport.config.labelled import Labelled

# A row of the table is a paragraph, whatever its length.
# fmt: off

MOST_ENTRIES = 800


class FilterAction(Labelled):
    """What happens to mail of a blocked sender, in the EMC's words."""

    Reject = "Reject", "Reject the message"
    StampStatus = "StampStatus", "Stamp the message as blocked and deliver it"


def external_mail(cmdlet: str) -> Setting:
    """Which sessions a filter looks at, alike for all of them."""
    return Setting(
        "ExternalMailEnabled", "Applies to", Kind.FLAG, "Mail of anonymous clients",
        "Connections that have proved nothing.", cmdlet,
    )


def internal_mail(cmdlet: str) -> Setting:
    return Setting(
        "InternalMailEnabled", "Applies to", Kind.FLAG, "Mail of authenticated and externally secured clients",
        "Unless they have the right to bypass anti-spam.", cmdlet,
    )


class RecipientFilter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which recipients are refused at RCPT TO."""

    enabled: Annotated[
        bool,
        Setting(
            "Enabled", "General", Kind.FLAG, "Filter recipients",
            "Off: neither the list below nor the directory refuses anybody.", "Set-RecipientFilterConfig",
        ),
    ] = True
    recipient_validation_enabled: Annotated[
        bool,
        Setting(
            "RecipientValidationEnabled", "General", Kind.FLAG,
            "Block messages sent to recipients not listed in the Global Address List",
            "Unknown recipients of an authoritative domain are answered 550 5.1.1 User unknown.",
            "documents 000, 001; Set-RecipientFilterConfig",
        ),
    ] = True
    block_list_enabled: Annotated[
        bool,
        Setting(
            "BlockListEnabled", "Blocked recipients", Kind.FLAG, "Block the following recipients",
            "In every domain, listed in the directory or not; answered like unknown ones.",
            "Set-RecipientFilterConfig",
        ),
    ] = False
    blocked_recipients: Annotated[
        tuple[str, ...],
        Setting(
            "BlockedRecipients", "Blocked recipients", Kind.ADDRESSES, "Blocked recipients",
            "One address on each line, at most 800.", "Set-RecipientFilterConfig", maximum=MOST_ENTRIES,
        ),
    ] = ()
    unknown_recipient_limit: Annotated[
        int | None,
        Setting(
            "UnknownRecipientLimit", "Directory harvest", Kind.COUNT, "Unknown recipients per source",
            "A source that asks for more is held by the tarpit interval at known recipients as well, so that it "
            "cannot tell them from unknown ones by time.",
            "ours; directory-harvest protection of documents 000 and 001",
            minimum=1, maximum=1_000_000, unlimited=True,
        ),
    ] = 20
    unknown_recipient_interval: Annotated[
        int,
        Setting(
            "UnknownRecipientInterval", "Directory harvest", Kind.TIMESPAN, "Within",
            "How long the unknown recipients of a source are counted together.",
            "ours", minimum=1, maximum=86400,
        ),
    ] = 600
    external_mail_enabled: Annotated[bool, external_mail("Set-RecipientFilterConfig")] = True
    internal_mail_enabled: Annotated[bool, internal_mail("Set-RecipientFilterConfig")] = False


class SenderFilter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which senders are refused at MAIL FROM, and in the header From at the end of the message."""

    enabled: Annotated[
        bool,
        Setting(
            "Enabled", "General", Kind.FLAG, "Filter senders",
            "Off: nothing on this page refuses or stamps anything.", "Set-SenderFilterConfig",
        ),
    ] = True
    action: Annotated[
        FilterAction,
        Setting(
            "Action", "General", Kind.CHOICE, "When a message is from a blocked sender",
            "Reject: 554 5.1.0 Sender Denied, and the connection is closed.",
            "Set-SenderFilterConfig", choices=FilterAction,
        ),
    ] = FilterAction.Reject
    blank_sender_blocking_enabled: Annotated[
        bool,
        Setting(
            "BlankSenderBlockingEnabled", "Blocked senders", Kind.FLAG, "Block messages without sender information",
            "MAIL FROM:<> also carries non-delivery reports and read receipts, which are then lost.",
            "Set-SenderFilterConfig",
        ),
    ] = False
    blocked_senders: Annotated[
        tuple[str, ...],
        Setting(
            "BlockedSenders", "Blocked senders", Kind.ADDRESSES, "Blocked senders",
            "One address on each line, at most 800.", "Set-SenderFilterConfig", maximum=MOST_ENTRIES,
        ),
    ] = ()
    blocked_domains: Annotated[
        tuple[str, ...],
        Setting(
            "BlockedDomains", "Blocked senders", Kind.DOMAINS, "Blocked domains",
            "One domain on each line, at most 800; their subdomains are not blocked.",
            "Set-SenderFilterConfig", maximum=MOST_ENTRIES,
        ),
    ] = ()
    blocked_domains_and_subdomains: Annotated[
        tuple[str, ...],
        Setting(
            "BlockedDomainsAndSubdomains", "Blocked senders", Kind.DOMAINS, "Blocked domains with all subdomains",
            "One domain on each line, at most 800.", "Set-SenderFilterConfig", maximum=MOST_ENTRIES,
        ),
    ] = ()
    external_mail_enabled: Annotated[bool, external_mail("Set-SenderFilterConfig")] = True
    internal_mail_enabled: Annotated[bool, internal_mail("Set-SenderFilterConfig")] = False
