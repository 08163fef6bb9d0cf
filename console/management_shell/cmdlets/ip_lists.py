"""Get-, Add- and Remove-IPBlockListEntry and -IPAllowListEntry (Exchange reference, section 6.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace as with_changes
from functools import partial
from typing import Any

from msgspec.structs import replace

from console import clock
from console.management_shell.cmdlets import settings
from console.management_shell.cmdlets.family import Family
from console.management_shell.cmdlets.guard import guarded
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Record, read_count, read_text
from console.protection import actions, models
from transport.config.connection_filter import IPList, IPListEntry
from transport.config.endpoint import IPRange, client_key


def _more(entry: IPListEntry) -> dict[str, object]:
    return {"HasExpired": not entry.applies(clock.now().timestamp()), "ListType": entry.ip_list.value}


def family(which: IPList) -> Family:
    """The entries of one of the lists; Exchange numbers them."""
    return Family(
        noun=f"IP{which.value}ListEntry",
        words=f"entry of the IP {which.value} list",
        struct=IPListEntry,
        rows=lambda: models.IPListEntry.objects.filter(ip_list=which.value),
        columns=("Identity", "IPRange", "ExpirationTime", "HasExpired", "Comment"),
        order=("Comment", "ExpirationTime", "HasExpired", "Identity", "IPRange", "ListType"),
        hidden=frozenset({"ip_list"}),
        more=_more,
        keys=("pk", "ip_range"),
    )


def _get(of: Family, call: Call) -> Iterator[Record]:
    rows = of.chosen(call.get("Identity"))
    if "IPAddress" in call.arguments:
        client = _client(call.arguments["IPAddress"])
        rows = [row for row in rows if IPRange(row.ip_range).holds(*client)]
    for row in rows[: call.get("ResultSize", len(rows))]:
        yield of.record(row)


def _client(text: str) -> tuple[int, int]:
    try:
        return client_key(text)
    except ValueError:
        raise ShellError(f"“{text}” is no IP address. Write it like 192.0.2.7.", "IPAddress") from None


def _add(of: Family, which: IPList, call: Call) -> Iterator[Record]:
    if ("IPAddress" in call.arguments) == ("IPRange" in call.arguments):
        raise ShellError("Say either -IPAddress or -IPRange.", "IPAddress")
    address = call.arguments.get("IPAddress")
    if address is not None:
        _client(address)
    start = IPListEntry(ip_list=which, ip_range=address or "")
    entry = replace(start, **settings.changes(call, IPListEntry)(start))
    if call.should_process(entry.ip_range, f"Add-{of.noun}"):
        rows = actions.add_entries(call.host.actor, [entry])
        if not rows:
            raise ShellError(f"{entry.ip_range} is on this list already.", "IPAddress" if address else "IPRange")
        yield of.record(rows[0])


def _remove(of: Family, call: Call) -> Iterator[Record]:
    row = of.find(call.arguments["Identity"])
    if call.should_process(row.ip_range, f"Remove-{of.noun}"):
        actions.ENTRIES.remove(call.host.actor, row.pk)
    return iter(())


def cmdlets(which: IPList, network: str) -> Iterator[Cmdlet]:
    """The three cmdlets of one list; `network` stands in the examples."""
    of = family(which)
    number = with_changes(of.identity_parameter(), help="The entry: its number, or its range as it is written.")
    address = Parameter("IPAddress", read_text, help="One address.")
    yield Cmdlet(
        f"Get-{of.noun}",
        partial(_get, of),
        (
            with_changes(number, mandatory=False),
            with_changes(address, help="Only the entries that hold this address."),
            Parameter("ResultSize", read_count, help="At most so many."),
        ),
        f"Shows what is on the IP {which.value} list.",
        {
            f"Get-{of.noun}": "The whole list.",
            f"Get-{of.noun} -IPAddress 192.0.2.7": "What this address is caught by.",
        },
    )
    yield Cmdlet(
        f"Add-{of.noun}",
        partial(_add, of, which),
        (address, *of.parameters()),
        f"Puts an address, a range or a network on the IP {which.value} list.",
        {
            f'Add-{of.noun} -IPRange {network} -Comment "Asked for by Anna" -ExpirationTime "01/31/2099 5:00 PM"': (
                "A network, until it expires."
            ),
        },
        changes=True,
    )
    yield Cmdlet(
        f"Remove-{of.noun}",
        partial(_remove, of),
        (number,),
        f"Takes an entry from the IP {which.value} list.",
        {f"Remove-{of.noun} {network} -Confirm:$false": "Takes it away without asking."},
        changes=True,
    )


def _all() -> Iterator[Cmdlet]:
    yield from cmdlets(IPList.Block, "198.51.100.0/24")
    yield from cmdlets(IPList.Allow, "203.0.113.0/24")


TABLE: dict[str, Any] = {each.name: guarded(each, family(IPList.Block).fields) for each in _all()}
