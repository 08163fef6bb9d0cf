"""Get-, Add-, Set-, Remove- and Test-IPBlockListProvider and -IPAllowListProvider (Exchange reference, section 6.4)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from msgspec.structs import replace

from console.management_shell.cmdlets.family import Changes, Family, Names
from console.management_shell.cmdlets.guard import guarded
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Record, read_text
from console.protection import actions, models, queries
from console.publishing.rows import struct_of
from transport.config.connection_filter import IPList, IPListProvider


def family(which: IPList) -> Family:
    """The providers of one kind."""
    return Family(
        noun=f"IP{which.value}ListProvider",
        words=f"provider for the IP {which.value} list",
        struct=IPListProvider,
        rows=lambda: models.IPListProvider.objects.filter(ip_list=which.value),
        columns=("Name", "LookupDomain", "Priority"),
        order=("LookupDomain", "Enabled", "AnyMatch", "BitmaskMatch", "IPAddressesMatch", "Priority", "Name"),
        hidden=frozenset({"ip_list"}),
    )


def _add(of: Family, which: IPList, call: Call) -> Iterator[Record]:
    last = of.rows().order_by("priority").values_list("priority", flat=True).last() or 0
    some = {"BitmaskMatch", "IPAddressesMatch"} & call.arguments.keys()
    start = IPListProvider(
        name=call.arguments["Name"],
        lookup_domain=call.arguments["LookupDomain"],
        ip_list=which,
        priority=last + 1,
        any_match=not some,
    )
    return of.made(call, start, lambda provider, names: actions.save_provider(call.host.actor, provider))


def _set(of: Family, call: Call) -> Iterator[Record]:
    def update(row: models.IPListProvider, changes: Changes, names: Names) -> models.IPListProvider:
        now = struct_of(row, IPListProvider)
        wanted = replace(now, **changes(now))
        return row if wanted == now else actions.save_provider(call.host.actor, wanted, row.pk, row.version)

    return of.changed(call, update)


def _remove(of: Family, call: Call) -> Iterator[Record]:
    return of.removed(call, lambda row, names: actions.PROVIDERS.remove(call.host.actor, row.pk))


def _test(of: Family, call: Call) -> Iterator[Record]:
    row = of.find(call.arguments["Identity"])
    try:
        trial = queries.try_address(call.arguments["IPAddress"])
    except ValueError:
        raise ShellError("Write an IP address, like 192.0.2.7.", "IPAddress") from None
    asked = next((each for each in trial.asked if each.provider.name == row.name), None)
    if asked is None:
        raise ShellError(f"{row} is not asked: it is disabled, or providers are not used at all.", "Identity")
    if asked.answers is None:
        call.warning(f"{row} did not answer in time; its mail is treated as not listed.")
    yield Record(
        f"{of.noun}Result",
        {"Provider": row.name, "ProviderResult": list(asked.answers or ()), "Matched": asked.counts},
        ("Provider", "ProviderResult", "Matched"),
    )


def cmdlets(which: IPList, name: str, domain: str) -> Iterator[Cmdlet]:
    """The five cmdlets of one kind; `name` and `domain` stand in the examples."""
    of = family(which)
    rest, identity = of.parameters("name", "lookup_domain"), of.identity_parameter()
    yield of.get({f"Get-{of.noun}": "All, in the order in which they decide."})
    yield Cmdlet(
        f"Add-{of.noun}",
        partial(_add, of, which),
        (of.parameter("name", mandatory=True, position=0), of.parameter("lookup_domain", mandatory=True), *rest),
        f"Adds a {of.words}. Without -BitmaskMatch and -IPAddressesMatch every return code counts.",
        {
            f'Add-{of.noun} -Name "{name}" -LookupDomain {domain} -IPAddressesMatch 127.0.0.2,127.0.0.4': (
                "Two return codes count."
            ),
        },
        changes=True,
    )
    yield Cmdlet(
        f"Set-{of.noun}",
        partial(_set, of),
        (identity, of.parameter("name"), of.parameter("lookup_domain"), *rest),
        f"Changes a {of.words}.",
        {f'Set-{of.noun} "{name}" -Priority 1': "It decides first; the others move one down."},
        changes=True,
    )
    yield Cmdlet(
        f"Test-{of.noun}",
        partial(_test, of),
        (
            identity,
            Parameter("IPAddress", read_text, mandatory=True, help="The client's address, or 127.0.0.2 (RFC 5782)."),
        ),
        f"Asks a {of.words} about an address, by DNS.",
        {f'Test-{of.noun} "{name}" -IPAddress 127.0.0.2': "127.0.0.2 is on every list (RFC 5782)."},
    )
    yield Cmdlet(
        f"Remove-{of.noun}",
        partial(_remove, of),
        (identity,),
        f"Removes a {of.words}.",
        {f'Remove-{of.noun} "{name}" -Confirm:$false': "Nobody asks it any more."},
        changes=True,
    )


def _all() -> Iterator[Cmdlet]:
    yield from cmdlets(IPList.Block, "Example block list", "block.dnsbl.example.org")
    yield from cmdlets(IPList.Allow, "Example allow list", "allow.dnswl.example.org")


TABLE: dict[str, Any] = {each.name: guarded(each, family(IPList.Block).fields) for each in _all()}
