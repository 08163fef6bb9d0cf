"""Get-, New-, Set- and Remove-AcceptedDomain (Exchange reference, section 4.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace as with_changes

from msgspec.structs import replace

from console.domains import actions, models
from console.management_shell.cmdlets.family import Family
from console.management_shell.cmdlets.guard import CONFIRM_RELAY, NOTHING_CHANGED, Fields, confirmed, guarded
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
    domain = replace(start, **FAMILY.changes(call)(start))
    if call.should_process(domain.name, "New-AcceptedDomain"):
        yield FAMILY.record(confirmed(call, lambda names: actions.create(call.host.actor, domain, names)))


def _set(call: Call) -> Iterator[Record]:
    row = FAMILY.find(call.arguments["Identity"])
    changes = FAMILY.changes(call)(struct_of(row, AcceptedDomain))
    if "MakeDefault" in call.arguments:
        changes["default"] = call.arguments["MakeDefault"]
    if call.should_process(row.name, "Set-AcceptedDomain"):
        after = confirmed(call, lambda names: actions.update(call.host.actor, row.pk, changes, confirmed=names))
        if after.version == row.version:
            call.warning(NOTHING_CHANGED.format(row))
    return iter(())


def _remove(call: Call) -> Iterator[Record]:
    row = FAMILY.find(call.arguments["Identity"])
    if call.should_process(row.name, "Remove-AcceptedDomain"):
        confirmed(call, lambda names: actions.remove(call.host.actor, row.pk, names))
    return iter(())


PARAMETERS = {each.name: each for each in FAMILY.parameters("default")}
NAME, DOMAIN_NAME = PARAMETERS.pop("Name"), PARAMETERS.pop("DomainName")
MAKE_DEFAULT = Parameter("MakeDefault", read_flag, help="$true puts it in the place of the present default domain.")
TABLE = {
    each.name: guarded(each, FIELDS)
    for each in (
        FAMILY.get(
            (
                (
                    "Get-AcceptedDomain | Format-Table -Auto Name,DomainName,DomainType,Default,AddressBookEnabled",
                    "All.",
                ),
                ("Get-AcceptedDomain | where {$_.DomainType -ne 'Authoritative'}", "Those with recipients elsewhere."),
            )
        ),
        Cmdlet(
            "New-AcceptedDomain",
            _new,
            (
                with_changes(NAME, mandatory=True, position=0),
                with_changes(DOMAIN_NAME, mandatory=True),
                *PARAMETERS.values(),
                CONFIRM_RELAY,
            ),
            "Adds a domain for which mail is accepted.",
            (
                (
                    'New-AcceptedDomain -Name "Fabrikam" -DomainName fabrikam.com -DomainType InternalRelay',
                    "Some of its recipients are in the directory here; mail for the others is sent on.",
                ),
            ),
            changes=True,
        ),
        Cmdlet(
            "Set-AcceptedDomain",
            _set,
            (FAMILY.identity_parameter(), NAME, *PARAMETERS.values(), MAKE_DEFAULT, CONFIRM_RELAY),
            "Changes an accepted domain; the domain itself stays.",
            (
                ("Set-AcceptedDomain fabrikam.com -MakeDefault $true", "It gives the postmaster address now."),
                ("Set-AcceptedDomain fabrikam.com -MatchSubDomains $true", "Its subdomains are accepted, too."),
            ),
            changes=True,
        ),
        Cmdlet(
            "Remove-AcceptedDomain",
            _remove,
            (FAMILY.identity_parameter(), CONFIRM_RELAY),
            "Removes an accepted domain, unless it is the default.",
            (("Remove-AcceptedDomain fabrikam.com -Confirm:$false", "Its mail is refused from now on."),),
            changes=True,
            asks=True,
        ),
    )
}
