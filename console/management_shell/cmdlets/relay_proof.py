"""Test-RelayProof and Get-RelayException: can anybody relay? Exchange has no cmdlets for it."""

from __future__ import annotations

from collections.abc import Iterator

from console.management_shell.cmdlets.guard import guarded
from console.management_shell.cmdlets.results import RESULT_SIZE, limited
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Record, read_count
from console.relay_proof import queries
from transport.config.document import DocumentError

REVISION = Parameter("Revision", read_count, help="Of which revision; without it the newest.")


def _proved(call: Call) -> queries.Proved:
    number = call.get("Revision")
    try:
        found = queries.newest() if number is None else queries.of(number)
    except DocumentError as error:
        raise ShellError(str(error), "Revision") from None
    if found is None:
        raise ShellError("There is no such revision.", "Revision")
    return found


def _test(call: Call) -> Iterator[object]:
    found = _proved(call)
    values: dict[str, object] = {
        "Revision": found.revision.number,
        "ConfigurationHash": found.revision.checksum,
        "OpenRelay": found.proof.is_open_relay,
        "Exceptions": len(found.proof.ways),
        "UsersThrough": tuple(found.users),
        "PartnersThrough": tuple(found.partners),
        "Result": f"{found.answer.short} {found.answer.words}",
    }
    yield Record("RelayProof", values, ("Revision", "OpenRelay", "Exceptions", "Result"))


def _get(call: Call) -> Iterator[object]:
    found = _proved(call)
    for each in limited(call, iter(queries.exemptions(found, found.proof.ways))):
        way, owner = each.way, each.owner
        values: dict[str, object] = {
            "ReceiveConnector": way.connector,
            "RemoteIPRanges": tuple(map(str, way.ranges)),
            "Bindings": tuple(str(place.local) for place in way.places),
            "RequestedBy": way.asked_by or None,
            "Recipients": way.whom,
            "Reason": " ".join(each.why),
            "Owner": owner.name if owner else None,
            "ConfirmedAt": owner.time if owner and owner.confirmed else None,
            "Dialogue": tuple(f"{'C' if line.by_client else 'S'}: {line.text}" for line in each.dialogue.said),
        }
        yield Record("RelayException", values, ("ReceiveConnector", "RemoteIPRanges", "Recipients", "Owner"))


TABLE = {
    "Test-RelayProof": guarded(
        Cmdlet(
            "Test-RelayProof",
            _test,
            (REVISION,),
            "Says whether somebody who has not proved who they are can send mail to somebody elsewhere. Exchange has "
            "no such cmdlet.",
            {"Test-RelayProof | fl": "Can anybody relay?"},
        )
    ),
    "Get-RelayException": guarded(
        Cmdlet(
            "Get-RelayException",
            _get,
            (REVISION, RESULT_SIZE),
            "Lists who can relay without having proved who they are: from where, through what, to whom, who let them, "
            "and the dialogue that shows it. Exchange has no such cmdlet.",
            {"Get-RelayException | fl": "Who can, and who typed the connector's name?"},
        )
    ),
}
