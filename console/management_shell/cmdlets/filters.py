"""The settings of the filters: Get- and Set-…Config (Exchange reference, sections 6.2, 6.3 and 6.4)."""

from __future__ import annotations

from functools import partial

from console.management_shell.cmdlets.single import Page, Part
from console.protection import actions, queries
from transport.config.connection_filter import ConnectionFilter
from transport.config.filters import RecipientFilter, SenderFilter


def part(struct: type, **names: str) -> Part:
    """Settings of one of the filters."""
    return Part(struct, partial(queries.filter_settings, struct), actions.set_filter, names)


PAGES = (
    Page(
        "RecipientFilterConfig",
        "the recipient filter",
        (part(RecipientFilter),),
        (("Get-RecipientFilterConfig | fl", "Which recipients are refused."),),
        (
            (
                "Set-RecipientFilterConfig -RecipientValidationEnabled $true",
                "Block messages sent to recipients not listed in the Global Address List.",
            ),
            (
                'Set-RecipientFilterConfig -BlockListEnabled $true -BlockedRecipients @{Add="info@contoso.com"}',
                "One more blocked recipient.",
            ),
        ),
    ),
    Page(
        "SenderFilterConfig",
        "the sender filter",
        (part(SenderFilter),),
        (("Get-SenderFilterConfig", "Which senders are refused."),),
        (
            (
                'Set-SenderFilterConfig -BlockedDomainsAndSubdomains @{Add="spam.example"; Remove="ham.example"}',
                "One more blocked domain, one less.",
            ),
        ),
    ),
    Page(
        "IPBlockListConfig",
        "the use of the IP Block list",
        (
            part(
                ConnectionFilter,
                ip_block_list_enabled="Enabled",
                static_entry_rejection_response="StaticEntryRejectionResponse",
                external_mail_enabled="ExternalMailEnabled",
                internal_mail_enabled="InternalMailEnabled",
            ),
        ),
        (("Get-IPBlockListConfig", "Whether the list is used, and what a client on it is told."),),
        (('Set-IPBlockListConfig -StaticEntryRejectionResponse "You are on our list"', "The reply's own words."),),
    ),
    Page(
        "IPAllowListConfig",
        "the use of the IP Allow list",
        (part(ConnectionFilter, ip_allow_list_enabled="Enabled"),),
        (("Get-IPAllowListConfig", "Whether the list is used."),),
        (("Set-IPAllowListConfig -Enabled $true", "Mail of a client on it passes no other filter."),),
    ),
    Page(
        "IPBlockListProvidersConfig",
        "the use of block-list providers",
        (
            part(
                ConnectionFilter,
                ip_block_list_providers_enabled="Enabled",
                bypassed_recipients="BypassedRecipients",
            ),
        ),
        (("Get-IPBlockListProvidersConfig", "Whether they are asked, and who gets mail all the same."),),
        (
            (
                'Set-IPBlockListProvidersConfig -BypassedRecipients @{Add="abuse@contoso.com"}',
                "This recipient gets mail from listed clients, too.",
            ),
        ),
    ),
    Page(
        "IPAllowListProvidersConfig",
        "the use of allow-list providers",
        (part(ConnectionFilter, ip_allow_list_providers_enabled="Enabled"),),
        (("Get-IPAllowListProvidersConfig", "Whether they are asked."),),
        (("Set-IPAllowListProvidersConfig -Enabled $false", "Nobody asks them any more."),),
    ),
)
TABLE = {name: cmdlet for page in PAGES for name, cmdlet in page.cmdlets.items()}
