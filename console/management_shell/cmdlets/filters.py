"""The settings of the filters: Get- and Set-…Config (Exchange reference, sections 6.2, 6.3 and 6.4)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from console.management_shell.cmdlets.single import Page, Part
from console.protection import actions, queries
from console.protection.published import CONNECTION_FILTER
from transport.config.connection_filter import ConnectionFilter
from transport.config.filters import RecipientFilter, SenderFilter
from transport.config.setting import settings


def _part(struct: type, names: Mapping[str, str] | None = None) -> Part:
    return Part(struct, partial(queries.filter_settings, struct), actions.set_filter, names or {})


def connection_filter(noun: str) -> Part:
    """Those settings of the connection filter that `Set-noun` changes."""
    placed = {field: CONNECTION_FILTER.cmdlet_of(each) for field, each in settings(ConnectionFilter).items()}
    return _part(ConnectionFilter, {field: name for field, (cmdlet, name) in placed.items() if cmdlet == f"Set-{noun}"})


PAGES = (
    Page(
        "RecipientFilterConfig",
        "the recipient filter",
        (_part(RecipientFilter),),
        {"Get-RecipientFilterConfig | fl": "Which recipients are refused."},
        {
            "Set-RecipientFilterConfig -RecipientValidationEnabled $true": (
                "Block messages sent to recipients not listed in the Global Address List."
            ),
            'Set-RecipientFilterConfig -BlockListEnabled $true -BlockedRecipients @{Add="info@contoso.com"}': (
                "One more blocked recipient."
            ),
        },
    ),
    Page(
        "SenderFilterConfig",
        "the sender filter",
        (_part(SenderFilter),),
        {"Get-SenderFilterConfig": "Which senders are refused."},
        {
            'Set-SenderFilterConfig -BlockedDomainsAndSubdomains @{Add="spam.example"; Remove="ham.example"}': (
                "One more blocked domain, one less."
            ),
        },
    ),
    Page(
        "IPBlockListConfig",
        "the use of the IP Block list",
        (connection_filter("IPBlockListConfig"),),
        {"Get-IPBlockListConfig": "Whether the list is used, and what a client on it is told."},
        {'Set-IPBlockListConfig -StaticEntryRejectionResponse "You are on our list"': "The reply's own words."},
    ),
    Page(
        "IPAllowListConfig",
        "the use of the IP Allow list",
        (connection_filter("IPAllowListConfig"),),
        {"Get-IPAllowListConfig": "Whether the list is used."},
        {"Set-IPAllowListConfig -Enabled $true": "Mail of a client on it passes no other filter."},
    ),
    Page(
        "IPBlockListProvidersConfig",
        "the use of block-list providers",
        (connection_filter("IPBlockListProvidersConfig"),),
        {"Get-IPBlockListProvidersConfig": "Whether they are asked, and who gets mail all the same."},
        {
            'Set-IPBlockListProvidersConfig -BypassedRecipients @{Add="abuse@contoso.com"}': (
                "This recipient gets mail from listed clients, too."
            ),
        },
    ),
    Page(
        "IPAllowListProvidersConfig",
        "the use of allow-list providers",
        (connection_filter("IPAllowListProvidersConfig"),),
        {"Get-IPAllowListProvidersConfig": "Whether they are asked."},
        {"Set-IPAllowListProvidersConfig -Enabled $false": "Nobody asks them any more."},
    ),
)
TABLE = {name: cmdlet for page in PAGES for name, cmdlet in page.cmdlets.items()}
