"""Get-, Add- and Remove-ADPermission on Receive connectors (Exchange reference, sections 2.1, 2.2 and 2.6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from console.connectors import actions, models, queries
from console.management_shell.cmdlets.guard import CONFIRM_RELAY, Fields, confirmed, guarded
from console.management_shell.cmdlets.receive_connectors import FAMILY
from console.management_shell.cmdlets.settings import Remarked, plain
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Record, entries, read_text, read_texts
from console.users import queries as users
from transport.config.permissions import GRANTED_BY_GROUP, PRINCIPALS, Grant, PermissionGroup, Right, right_named
from transport.config.receive_connector import ReceiveConnector

OTHER_NAMES = {
    "ms-exchange-smtp-accept-any-recipient": Right.ACCEPT_ANY_RECIPIENT,
    "s-exch-smtp-accept-any-recipient": Right.ACCEPT_ANY_RECIPIENT,
    "ms-exch-accept-exch50": Right.ACCEPT_EXCH50,
}
"""Names of rights that documents print and Exchange does not know."""
COLUMNS = ("Identity", "User", "Deny", "ExtendedRights", "PermissionGroup")


def _read_rights(value: object) -> Remarked | tuple[Right, ...]:
    rights, remarks = [], []
    for name in read_texts(value):
        right = OTHER_NAMES.get(name.strip().lower())
        if right:
            remarks.append(f"Exchange has no right {name}: it is {right.value}.")
        rights.append(right or right_named(name.strip()))
    if not rights:
        raise ValueError("Name at least one right.")
    found = tuple(dict.fromkeys(rights))
    return Remarked(found, " ".join(remarks)) if remarks else found


def _principal(text: str) -> str:
    """A principal as it is written here. Raises ShellError for somebody who is unknown."""
    known = {name.casefold(): name for name in PRINCIPALS} | users.principals()
    short = {name.partition("\\")[2].casefold(): name for name in PRINCIPALS if "\\" in name}
    found = known.get(text.strip().casefold()) or short.get(text.strip().casefold())
    if not found:
        raise ShellError(
            f"Nobody is called “{text}” here. Add the user or the group first, or name one of these.",
            "User",
            tuple(PRINCIPALS),
        )
    return found


def _records(connector: ReceiveConnector) -> Iterator[Record]:
    for principal, right, deny, group in _rights(connector):
        yield Record(
            "ADPermission",
            {
                "Identity": FAMILY.identity(connector),
                "User": principal,
                "Deny": deny,
                "IsInherited": False,
                "AccessRights": ["ExtendedRight"],
                "ExtendedRights": [right],
                "PermissionGroup": group,
            },
            COLUMNS,
            name=FAMILY.identity(connector),
        )


def _rights(connector: ReceiveConnector) -> Iterator[tuple[str, str, bool, str]]:
    """(principal, right, denied, permission group or ''), what the groups give first."""
    for group in PermissionGroup:
        for principal, held in GRANTED_BY_GROUP[group].items() if group in connector.permission_groups else ():
            for right in Right:
                if right in held:
                    yield principal, right.value, False, group.value
    for grant in connector.grants:
        yield grant.principal, grant.right, grant.deny, ""


def _get(call: Call) -> Iterator[Record]:
    connector = queries.receive(FAMILY.find(call.arguments["Identity"]))
    wanted = _principal(call.arguments["User"]) if "User" in call.arguments else ""
    for record in _records(connector):
        if wanted in ("", record.properties["User"]):
            yield record


def _asked(call: Call) -> tuple[models.ReceiveConnector, str, set[Grant]]:
    """(row of the connector, principal, rights that are to be given or denied, or taken away)."""
    if "AccessRights" in call.arguments:
        raise ShellError(
            "A connector has extended rights only. Access rights are of Active Directory, which is not here: "
            "leave it out and use -ExtendedRights.",
            "AccessRights",
        )
    row, deny = FAMILY.find(call.arguments["Identity"]), bool(call.get("Deny"))
    user, rights = _principal(call.arguments["User"]), plain(call, call.arguments["ExtendedRights"])
    return row, user, {Grant(user, right.value, deny) for right in rights}


def _add(call: Call) -> Iterator[Record]:
    row, user, wanted = _asked(call)
    names = {each.right for each in wanted}

    def changes(now: ReceiveConnector) -> Mapping[str, Any]:
        kept = {each for each in now.grants if each.principal != user or each.right not in names}
        return {"grants": tuple(sorted(kept | wanted))}

    if call.should_process(FAMILY.identity(row), f"Add-ADPermission {user}"):
        after = confirmed(
            call,
            lambda typed: actions.update(call.host.actor, ReceiveConnector, row.pk, changes, confirmed_name=typed),
            FAMILY.said_by(call, row.name),
        )
        for record in _records(queries.receive(after)):
            given, by_group = entries(record.properties["ExtendedRights"]), record.properties["PermissionGroup"]
            if record.properties["User"] == user and not by_group and names.intersection(map(str, given)):
                yield record


def _remove(call: Call) -> Iterator[Record]:
    row, user, gone = _asked(call)

    def changes(now: ReceiveConnector) -> Mapping[str, Any]:
        return {"grants": tuple(each for each in now.grants if each not in gone)}

    _warn_of_others(call, queries.receive(row), gone)
    if call.should_process(FAMILY.identity(row), f"Remove-ADPermission {user}"):
        confirmed(
            call, lambda names: actions.update(call.host.actor, ReceiveConnector, row.pk, changes, confirmed_name=names)
        )
    return iter(())


def _warn_of_others(call: Call, connector: ReceiveConnector, gone: set[Grant]) -> None:
    """What Remove-ADPermission cannot take away, and how it is done."""
    for grant in sorted(gone - set(connector.grants)):
        groups = [
            group.value
            for group in PermissionGroup
            if group in connector.permission_groups
            and right_named(grant.right) in GRANTED_BY_GROUP[group].get(grant.principal, frozenset())
        ]
        why = (
            f"it comes from the permission group {groups[0]}: change -PermissionGroups, or deny it with "
            "Add-ADPermission -Deny."
            if groups and not grant.deny
            else f"it was not {'denied' if grant.deny else 'granted'} by hand."
        )
        call.warning(f"{grant.right} of {grant.principal} cannot be removed: {why}")


IDENTITY = FAMILY.identity_parameter()
USER = Parameter(
    "User", read_text, mandatory=True, position=1, help="Whose rights: a principal, a user or a group.",
    values=lambda: [*PRINCIPALS, *users.principals().values()],
)  # fmt: skip
RIGHTS = Parameter(
    "ExtendedRights", _read_rights, mandatory=True, help="One right or several.",
    choices=tuple(right.value for right in Right),
)  # fmt: skip
DENY = Parameter("Deny", switch=True, help="A denied right stays denied, whatever permission groups give.")
ACCESS_RIGHTS = Parameter("AccessRights", help="Not possible here: a connector has extended rights only.")
RELAY = '"Ms-Exch-SMTP-Accept-Any-Recipient"'
CMDLETS = [
    Cmdlet(
        "Get-ADPermission",
        _get,
        (IDENTITY, Parameter("User", read_text, help="Of this principal only.", values=USER.values)),
        "Shows who has which right on a Receive connector: from a permission group, or by hand.",
        {
            'Get-ADPermission "Anonymous Relay" | where {($_.Deny -eq $false) -and ($_.IsInherited -eq $false)} | '
            "Format-Table User,ExtendedRights": "Who may do what.",
            'Get-ADPermission "Anonymous Relay" | where {$_.PermissionGroup -eq ""}': "What was granted by hand.",
        },
    ),
    Cmdlet(
        "Add-ADPermission",
        _add,
        (IDENTITY, USER, RIGHTS, DENY, ACCESS_RIGHTS, CONFIRM_RELAY),
        "Gives a principal rights on a Receive connector, or denies them.",
        {
            'Get-ReceiveConnector "Anonymous Relay" | Add-ADPermission -User "NT AUTHORITY\\ANONYMOUS LOGON" '
            f"-ExtendedRights {RELAY}": "Lets the devices of this connector send to every address.",
        },
        changes=True,
    ),
    Cmdlet(
        "Remove-ADPermission",
        _remove,
        (IDENTITY, USER, RIGHTS, DENY, ACCESS_RIGHTS, CONFIRM_RELAY),
        "Takes away rights that were given, or denied, by hand.",
        {
            'Get-ReceiveConnector "Anonymous Relay" | Remove-ADPermission -User "NT AUTHORITY\\ANONYMOUS LOGON" '
            f"-ExtendedRights {RELAY} -Confirm:$false": "No relay any more.",
        },
        changes=True,
    ),
]
TABLE = {each.name: guarded(each, Fields(ReceiveConnector)) for each in CMDLETS}
