"""Get-ADPermission → rights granted by hand on the connectors that are imported along with it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec.structs import replace

from console.moving_in import values
from console.moving_in.objects import Item, Source, Value
from console.moving_in.report import Known, Line, Translated, Verdict
from transport.config.permissions import (
    ANONYMOUS,
    AUTHENTICATED_USERS,
    EXCHANGE_SERVERS,
    EXTERNALLY_SECURED,
    LEGACY_SERVERS,
    PARTNER_SERVERS,
    Grant,
    group_rights,
    right_named,
)
from transport.config.receive_connector import ReceiveConnector

_PLACES = (
    re.compile(r"^cn=(?P<name>[^,]+),cn=smtp receive connectors,cn=protocols,cn=(?P<server>[^,]+),"),
    re.compile(r"/servers/(?P<server>[^/]+)/protocols/smtp receive connectors/(?P<name>[^/]+)$"),
)
_BY_SID = {"s-1-5-7": ANONYMOUS, "s-1-5-11": AUTHENTICATED_USERS}
_BY_NAME = {
    "anonymous logon": ANONYMOUS,
    "authenticated users": AUTHENTICATED_USERS,
    "hub transport servers": EXCHANGE_SERVERS,
    "edge transport servers": EXCHANGE_SERVERS,
    "exchange servers": EXCHANGE_SERVERS,
    "externally secured servers": EXTERNALLY_SECURED,
    "exchangelegacyinterop": LEGACY_SERVERS,
    "partner servers": PARTNER_SERVERS,
}


def translate(items: Iterable[Item], connectors: list[Translated], known: Known) -> list[Translated]:
    """One report for each connector that entries are about; the rights stand in its struct afterwards."""
    reports: dict[str, Translated] = {}
    for item in items:
        if item.source is not Source.PERMISSION:
            continue
        identity = values.written(item.get("Identity")).strip()
        report = reports.setdefault(identity.lower(), Translated(Source.PERMISSION, identity))
        target = _target(identity, connectors)
        if target is None or not isinstance(target.struct, ReceiveConnector):
            report.problem = "The connector that these permissions are about is not in the files handed in."
            continue
        report.lines += _entry(item, target, known)
    return list(reports.values())


def _target(identity: str, connectors: list[Translated]) -> Translated | None:
    """The one connector that is meant: a name alone is enough where one server has it."""
    server, name = _server_and_name(identity.lower())
    named = [each for each in connectors if each.name.lower() == name and server in ("", each.server.lower())]
    return named[0] if len(named) == 1 else None


def _server_and_name(identity: str) -> tuple[str, str]:
    """Of `SERVER\\Name`, a distinguished name, or a path from the top of the directory."""
    for pattern in _PLACES:
        if match := pattern.search(identity):
            return match["server"], match["name"]
    server, _, name = identity.rpartition("\\")
    return server, name


def _entry(item: Item, target: Translated, known: Known) -> list[Line]:
    user = values.written(item.get("User")).strip()
    rights = item.get("ExtendedRights")
    names = rights if isinstance(rights, list) else [rights]
    deny = _is_true(item.get("Deny"))
    texts = [values.written(name).strip() for name in names if not values.is_empty(name)]
    if _is_true(item.get("IsInherited")):
        why = "Inherited from the organization, for Exchange's own use."
        return [Line(user, name, "", Verdict.NOT_ENFORCED, why) for name in texts]
    return [_right(user, name, deny, target, known) for name in texts]


def _right(user: str, name: str, deny: bool, target: Translated, known: Known) -> Line:
    shown = f"{'not ' if deny else ''}{name}"
    try:
        right = right_named(name)
    except ValueError:
        return Line(user, shown, "", Verdict.NOT_ENFORCED, "This right has no meaning on a Receive connector here.")
    principal = _principal(user, known)
    if principal is None:
        why = "This is no principal that is known here. Make the user or group, then grant the right by hand."
        return Line(user, shown, "", Verdict.NOT_ENFORCED, why)
    connector = target.struct
    if not deny and right in group_rights(connector.permission_groups, principal):
        return Line(user, shown, f"{principal}: {right.value}", Verdict.APPLIED, "A permission group gives it already.")
    kept = {each for each in connector.grants if (each.principal, each.right) != (principal, right.value)}
    held = next((each for each in connector.grants if each not in kept), None)
    grant = Grant(principal, right.value, deny or bool(held and held.deny))
    target.struct = replace(connector, grants=tuple(sorted({*kept, grant})))
    written = f"{principal}: {'not ' if grant.deny else ''}{right.value}"
    if principal.lower() == user.lower() or user.lower() in _BY_SID:
        return Line(user, shown, written, Verdict.APPLIED)
    return Line(user, shown, written, Verdict.APPROXIMATED, f"{user} is {principal} here.")


def _principal(user: str, known: Known) -> str | None:
    domain, _, name = user.lower().rpartition("\\")
    if user.lower() in _BY_SID:
        return _BY_SID[user.lower()]
    if user.lower() in known.principals:
        return known.principals[user.lower()]
    return _BY_NAME.get(name) if domain or name in ("exchangelegacyinterop",) else None


def _is_true(value: Value) -> bool:
    return str(value).strip().lower() in ("true", "1")
