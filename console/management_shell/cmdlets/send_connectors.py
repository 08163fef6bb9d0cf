"""Get-, New-, Set- and Remove-SendConnector (Exchange reference, sections 8.1 and 12.2)."""

from __future__ import annotations

from collections.abc import Iterator

from console.connectors import actions, models
from console.management_shell.cmdlets.family import Family
from console.management_shell.cmdlets.guard import guarded
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.values import Record
from transport.config.send_connector import SendConnector, SendUsage

ORDER = ("DNSRoutingEnabled", "SmartHosts", "InternalIPRanges", "Port", "Fqdn", "Enabled",
         "SmtpMaxMessagesPerConnection", "AddressSpaces", "Comment", "Name", "Identity", "WhenChanged")  # fmt: skip
FAMILY = Family(
    noun="SendConnector",
    words="Send connector",
    struct=SendConnector,
    rows=lambda: models.SendConnector.objects.all(),
    columns=("Identity", "AddressSpaces", "Enabled"),
    order=ORDER,
)


def _new(call: Call) -> Iterator[Record]:
    usage = next((usage for usage in SendUsage if call.get(usage.value)), SendUsage.Custom)
    start = SendConnector(name=call.arguments["Name"], usage=usage)
    return FAMILY.made(call, start, lambda connector, names: actions.create(call.host.actor, connector, names))


def _set(call: Call) -> Iterator[Record]:
    actor = call.host.actor
    return FAMILY.changed(
        call, lambda row, changes, names: actions.update(actor, SendConnector, row.pk, changes, None, names)
    )


def _remove(call: Call) -> Iterator[Record]:
    return FAMILY.removed(call, lambda row, names: actions.remove(call.host.actor, SendConnector, row.pk, names))


SETTINGS = FAMILY.parameters("name")
TABLE = {
    each.name: guarded(each, FAMILY.fields)
    for each in (
        FAMILY.get(
            {
                "Get-SendConnector": "All Send connectors.",
                "Get-SendConnector Internet | fl": "One, in full.",
            }
        ),
        Cmdlet(
            "New-SendConnector",
            _new,
            (
                FAMILY.parameter("name", mandatory=True, position=0),
                *(
                    Parameter(usage.value, switch=True, help=f"The same as -Usage {usage.value}.")
                    for usage in SendUsage
                ),
                *SETTINGS,
            ),
            "Makes a Send connector.",
            {
                'New-SendConnector -Name "Internet" -AddressSpaces * -DNSRoutingEnabled $true': (
                    "Mail for other domains goes to their MX hosts."
                ),
                'New-SendConnector "To the partner" -AddressSpaces "SMTP:fabrikam.com;5" -DNSRoutingEnabled $false '
                "-SmartHosts mail.fabrikam.com,[10.10.10.100]": "Mail for one domain goes to smart hosts.",
            },
            changes=True,
        ),
        Cmdlet(
            "Set-SendConnector",
            _set,
            (FAMILY.identity_parameter(), FAMILY.parameter("name"), *SETTINGS),
            "Changes settings of a Send connector.",
            {"Set-SendConnector Internet -Fqdn mail.contoso.com": "The name that it gives in EHLO."},
            changes=True,
        ),
        Cmdlet(
            "Remove-SendConnector",
            _remove,
            (FAMILY.identity_parameter(),),
            "Removes a Send connector; what waits for it is routed anew.",
            {"Remove-SendConnector Internet -Confirm:$false": "Removes it without asking."},
            changes=True,
        ),
    )
}
