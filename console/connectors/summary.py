"""What the settings of a Receive connector are, in the words of its property pages. Pure."""

from __future__ import annotations

from typing import Any

import msgspec
from django.utils.translation import gettext as _

from console.publishing.fields import written
from transport.config.permissions import PRINCIPALS, Grant, right_named
from transport.config.receive_connector import ReceiveConnector
from transport.config.setting import Kind, Setting, settings

Lines = list[tuple[str, list[str]]]
"""[(label, lines of the value)]; no lines where nothing is set."""


def tables(connector: ReceiveConnector, tabs: list[str]) -> list[tuple[str, Lines, bool]]:
    """(tab, what stands on it, whether all of that is at its default) for every setting that is obeyed."""
    default = {each.name: each.default for each in msgspec.structs.fields(ReceiveConnector)}
    found = []
    for tab in tabs:
        names = [name for name, each in settings(ReceiveConnector).items() if each.section == tab]
        names = [name for name in names if not settings(ReceiveConnector)[name].not_enforced]
        untouched = all(getattr(connector, name) == default[name] for name in names)
        found.append((tab, shown(connector, names), untouched))
    return found


def shown(connector: ReceiveConnector, names: list[str]) -> Lines:
    """Some settings by the names of their fields."""
    table = settings(ReceiveConnector)
    return [(table[name].label, lines(table[name], getattr(connector, name))) for name in names]


def lines(setting: Setting, value: Any) -> list[str]:
    """A value as its page shows it: labels instead of shell names, Yes and No, a line for each entry of a list."""
    if isinstance(value, bool):
        return [_("Yes") if value else _("No")]
    if setting.kind is Kind.FLAG_SET:
        return [member.label for member in setting.choices or () if member in value]
    if setting.kind is Kind.CHOICE:
        return [str(getattr(value, "label", value.value))]
    if setting.kind is Kind.GRANTS:
        return [_grant(each) for each in value]
    return written(setting, value).splitlines()


def _grant(grant: Grant) -> str:
    words = _("%(who)s, denied: %(right)s") if grant.deny else _("%(who)s: %(right)s")
    return words % {"who": PRINCIPALS.get(grant.principal, grant.principal), "right": right_named(grant.right).label}
