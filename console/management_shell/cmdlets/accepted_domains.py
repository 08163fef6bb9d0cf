"""Get-, New-, Set- and Remove-AcceptedDomain (Exchange reference, section 4.1)."""

from __future__ import annotations

from collections.abc import Iterator

from console.domains import actions, models
from console.management_shell.cmdlets.family import Changes, Family, Names
from console.management_shell.cmdlets.guard import CONFIRM_RELAY, Fields, guarded
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.values import Record, read_flag
from console.publishing.rows import struct_of
from transport.config.accepted_domain import AcceptedDomain

FAMILY = Family(
    noun="AcceptedDomain",
    words="accepted domain",
    struct=AcceptedDomain,
    rows=lambda: models.AcceptedDomain.objects.all(),
    columns=("Name", "DomainName", "DomainType", "Default"),
    order=("DomainName", "DomainType", "MatchSubDomains", "AddressBookEnabled", "Default", "Name", "Identity"),
    keys=("name", "domain_name"),
)
FIELDS = Fields(AcceptedDomain, {"default": "MakeDefault"})


def _new(call: Call) -> Iterator[Record]:
    start = AcceptedDomain(name=call.arguments["Name"], domain_name=call.arguments["DomainName"])
    return FAMILY.made(call, start, lambda domain, names: actions.create(call.host.actor, domain, names))


def _set(call: Call) -> Iterator[Record]:
    default = {"default": call.arguments["MakeDefault"]} if "MakeDefault" in call.arguments else {}

    def update(row: models.AcceptedDomain, changes: Changes, names: Names) -> models.AcceptedDomain:
        wanted = changes(struct_of(row, AcceptedDomain)) | default
        return actions.update(call.host.actor, row.pk, wanted, confirmed=names)

    return FAMILY.changed(call, update)


def _remove(call: Call) -> Iterator[Record]:
    return FAMILY.removed(call, lambda row, names: actions.remove(call.host.actor, row.pk, names))


SETTINGS = FAMILY.parameters("default", "name", "domain_name")
MAKE_DEFAULT = Parameter("MakeDefault", read_flag, help="$true puts it in the place of the present default domain.")
TABLE = {
    each.name: guarded(each, FIELDS)
    for each in (
        FAMILY.get(
            {
                "Get-AcceptedDomain | Format-Table -Auto Name,DomainName,DomainType,Default,AddressBookEnabled": "All.",
                "Get-AcceptedDomain | where {$_.DomainType -ne 'Authoritative'}": "Those with recipients elsewhere.",
            }
        ),
        Cmdlet(
            "New-AcceptedDomain",
            _new,
            (
                FAMILY.parameter("name", mandatory=True, position=0),
                FAMILY.parameter("domain_name", mandatory=True),
                *SETTINGS,
                CONFIRM_RELAY,
            ),
            "Adds a domain for which mail is accepted.",
            {
                'New-AcceptedDomain -Name "Fabrikam" -DomainName fabrikam.com -DomainType InternalRelay': (
                    "Some of its recipients are in the directory here; mail for the others is sent on."
                ),
            },
            changes=True,
        ),
        Cmdlet(
            "Set-AcceptedDomain",
            _set,
            (FAMILY.identity_parameter(), FAMILY.parameter("name"), *SETTINGS, MAKE_DEFAULT, CONFIRM_RELAY),
            "Changes an accepted domain; the domain itself stays.",
            {
                "Set-AcceptedDomain fabrikam.com -MakeDefault $true": "It gives the postmaster address now.",
                "Set-AcceptedDomain fabrikam.com -MatchSubDomains $true": "Its subdomains are accepted, too.",
            },
            changes=True,
        ),
        Cmdlet(
            "Remove-AcceptedDomain",
            _remove,
            (FAMILY.identity_parameter(), CONFIRM_RELAY),
            "Removes an accepted domain, unless it is the default.",
            {"Remove-AcceptedDomain fabrikam.com -Confirm:$false": "Its mail is refused from now on."},
            changes=True,
        ),
    )
}
