"""Get- and Set-TransportService and -TransportConfig (Exchange reference, sections 1.6 and 8.5)."""

from __future__ import annotations

from django.conf import settings

from console.management_shell.cmdlets.external_dns import ExternalDnsAdapter
from console.management_shell.cmdlets.filters import connection_filter
from console.management_shell.cmdlets.secure_domains import SecureDomains
from console.management_shell.cmdlets.single import Page, Part
from console.management_shell.language.cmdlet import Parameter
from console.management_shell.language.values import read_text
from console.transport_settings.actions import PAGES, save
from transport.config.transport_config import TransportConfig
from transport.config.transport_limits import TransportLimits

SERVER = Parameter(
    "Identity", read_text, position=0, help="Not needed: these settings hold on every server.",
    from_property="Name", values=lambda: [settings.GATEPOST_NODE],
)  # fmt: skip
TABLE = (
    Page(
        "TransportService",
        "the transport service",
        (
            Part(TransportLimits, PAGES[TransportLimits].row, save),
            connection_filter("TransportService"),
            ExternalDnsAdapter(),
        ),
        {"Get-TransportService | fl *retry*": "When mail that waits is tried again."},
        {
            "Set-TransportService -MessageExpirationTimeout 3.00:00:00 -TransientFailureRetryCount 8": (
                "A message is given up after three days."
            ),
        },
        (SERVER,),
        lambda: {"Name": settings.GATEPOST_NODE},
        ("Name", "MessageExpirationTimeout", "MaxOutboundConnections", "MaxPerDomainOutboundConnections"),
    ).cmdlets
    | Page(
        "TransportConfig",
        "the transport configuration",
        (Part(TransportConfig, PAGES[TransportConfig].row, save), SecureDomains()),
        {"Get-TransportConfig": "What holds for the whole organization."},
        {
            "Set-TransportConfig -ExternalPostmasterAddress postmaster@contoso.com -ExternalDelayDsnEnabled $false": (
                "From whom reports come; none about delays."
            ),
        },
    ).cmdlets
)
