"""The Exchange Management Shell command that makes a connector like this one. Pure."""

from __future__ import annotations

import msgspec

from transport.config import kinds
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.config.setting import Kind, Setting, settings

NOT_EXCHANGES = {"own setting", "document 002", "Set-TransportConfig"}
"""Sources of settings that are no parameters of New-ReceiveConnector."""
ALWAYS = {"Usage", "Bindings", "RemoteIPRanges", "AddressSpaces"}
BARE = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-_/*[],")


def new_command(connector: ReceiveConnector | SendConnector) -> str:
    """`New-ReceiveConnector -Name "…" …` with what is off its default; a line more for each right granted by hand."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(type(connector))}
    words = [f"New-{type(connector).__name__} -Name {_quoted(connector.name)}"]
    for field, setting in settings(type(connector)).items():
        value = getattr(connector, field)
        if field == "name" or setting.kind is Kind.GRANTS or setting.source in NOT_EXCHANGES:
            continue
        if value == defaults[field] and setting.name not in ALWAYS:
            continue
        words.append(f"-{setting.name} {_value(setting, value)}")
    return "\n".join([" ".join(words), *_grants(connector)])


def _value(setting: Setting, value: object) -> str:
    if isinstance(value, bool):
        return "$true" if value else "$false"
    if isinstance(value, tuple):
        return ",".join(_quoted(str(each)) for each in value)
    if setting.kind is Kind.FLAG_SET:
        return kinds.show(setting, value).replace(" ", "")
    if setting.kind is Kind.SIZE:
        return str(value)
    return _quoted(kinds.show(setting, value))


def _quoted(text: str) -> str:
    if text and set(text) <= BARE and not text.startswith("-"):
        return text
    return '"' + text.replace("`", "``").replace('"', '`"').replace("$", "`$") + '"'


def _grants(connector: ReceiveConnector | SendConnector) -> list[str]:
    return [
        f"Get-ReceiveConnector {_quoted(connector.name)} | Add-ADPermission -User {_quoted(grant.principal)} "
        f"-ExtendedRights {_quoted(grant.right)}" + (" -Deny" if grant.deny else "")
        for grant in getattr(connector, "grants", ())
    ]
