"""Get-, New-, Set- and Remove-Recipient: the addresses that this organization knows."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q

from console.directory import actions, queries
from console.directory.models import Recipient
from console.management_shell.cmdlets.family import identity
from console.management_shell.cmdlets.guard import Fields, guarded
from console.management_shell.cmdlets.results import COMPARED, RESULT_SIZE, limited, not_found
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Record, read_text


def record(row: Recipient) -> Record:
    """What Get-Recipient puts out."""
    found: dict[str, object] = {
        "Name": row.display_name or row.address,
        "DisplayName": row.display_name,
        "PrimarySmtpAddress": row.address,
        "Identity": row.address,
        "WhenCreated": row.created_at,
    }
    return Record("Recipient", found, ("Name", "PrimarySmtpAddress"), row, row.address)


def find(wanted: object) -> Recipient:
    """The recipient of an address, or from the pipe."""
    if isinstance(wanted, Record) and not isinstance(wanted.source, Recipient):
        raise ShellError(f"This takes a recipient; '{wanted}' is none.", "Identity")
    row = queries.listed().filter(address=str(wanted).strip().lower()).first()
    if row is None:
        raise not_found(wanted, known=_near(str(wanted)))
    return row


def _near(wanted: str) -> Iterator[str]:
    """Addresses of the directory that begin or end as this one does; there may be 100,000."""
    local, _, domain = wanted.strip().lower().partition("@")
    alike = Q(address__startswith=local[:2], address__endswith=domain) | Q(address__startswith=f"{local}@")
    yield from queries.listed().filter(alike).order_by("address").values_list("address", flat=True)[:COMPARED]


def _get(call: Call) -> Iterator[Record]:
    rows, wanted = queries.listed(), call.get("Identity")
    if wanted is not None and not (isinstance(wanted, str) and "*" in wanted):
        yield record(find(wanted))
        return
    if wanted is not None:
        parts = [part.lower() for part in str(wanted).split("*")]
        rows = rows.filter(address__startswith=parts[0], address__endswith=parts[-1])
        for part in parts[1:-1]:
            rows = rows.filter(address__contains=part)
    if "Anr" in call.arguments:
        rows = queries.found(rows, call.arguments["Anr"])
    yield from map(record, limited(call, rows.iterator(chunk_size=1000)))


def _new(call: Call) -> Iterator[Record]:
    address = call.arguments["PrimarySmtpAddress"]
    if call.should_process(address, "New-Recipient"):
        yield record(actions.add(call.host.actor, address, call.get("DisplayName", "")))


def _set(call: Call) -> Iterator[Record]:
    row = find(call.arguments["Identity"])
    if call.should_process(row.address, "Set-Recipient"):
        actions.rename(call.host.actor, row, call.arguments["DisplayName"])
    return iter(())


def _remove(call: Call) -> Iterator[Record]:
    row = find(call.arguments["Identity"])
    if call.should_process(row.address, "Remove-Recipient"):
        actions.remove(call.host.actor, row)
    return iter(())


IDENTITY = Parameter("Identity", identity, mandatory=True, position=0, from_pipeline=True, help="The address.")
ADDRESS = Parameter(
    "PrimarySmtpAddress", read_text, mandatory=True, position=0, from_property="PrimarySmtpAddress",
    help="The address.", also={"EmailAddress": "", "ExternalEmailAddress": ""},
)  # fmt: skip
NAME = Parameter("DisplayName", read_text, from_property="DisplayName", help="How people call it.", also={"Name": ""})
CMDLETS = (
    Cmdlet(
        "Get-Recipient",
        _get,
        (
            Parameter(
                "Identity", identity, position=0, from_pipeline=True, help="An address; * stands for anything in it."
            ),
            Parameter("Anr", read_text, help="Words of address or display name."),
            RESULT_SIZE,
        ),
        "Shows the recipients that the directory knows.",
        {
            "Get-Recipient *@contoso.com": "Those of a domain.",
            'Get-Recipient -Anr "anna"': "Whose name is Anna?",
        },
    ),
    Cmdlet(
        "New-Recipient",
        _new,
        (ADDRESS, NAME),
        "Adds an address to the directory.",
        {'New-Recipient bob@contoso.com -DisplayName "Bob"': "Mail for it is accepted within a second."},
        changes=True,
    ),
    Cmdlet(
        "Set-Recipient",
        _set,
        (IDENTITY, Parameter("DisplayName", read_text, mandatory=True, help="How people call it.", also={"Name": ""})),
        "Gives a recipient another display name; an address never changes.",
        {'Set-Recipient bob@contoso.com -DisplayName "Robert"': "Another name."},
        changes=True,
    ),
    Cmdlet(
        "Remove-Recipient",
        _remove,
        (IDENTITY,),
        "Takes an address out of the directory; its mailbox, if there is one, stays.",
        {"Remove-Recipient bob@contoso.com -Confirm:$false": "The address is unknown from now on."},
        changes=True,
    ),
)
FIELDS = Fields(names={"address": "PrimarySmtpAddress", "display_name": "DisplayName"})
TABLE = {each.name: guarded(each, FIELDS) for each in CMDLETS}
