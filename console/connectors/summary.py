"""What the settings of a connector are, in the words of its property pages. Pure."""

from __future__ import annotations

import msgspec

from console.crud.said import said
from console.publishing.fields import lines
from transport.config.send_connector import SendConnector, applies
from transport.config.setting import defaults, settings

Lines = list[tuple[str, list[str]]]
"""[(label, lines of the value)]; no lines where nothing is set."""


def tables(connector: msgspec.Struct, tabs: list[str]) -> list[tuple[str, Lines, bool]]:
    """(tab, what stands on it, whether all of that is at its default) for every setting that is obeyed and applies."""
    table, default = settings(type(connector)), defaults(type(connector))
    found = []
    for tab in tabs:
        names = [name for name, each in table.items() if each.section == tab and not each.not_enforced]
        if isinstance(connector, SendConnector):
            names = [name for name in names if applies(connector, name)]
        untouched = all(getattr(connector, name) == default[name] for name in names)
        found.append((tab, shown(connector, names), untouched))
    return [(tab, lines, untouched) for tab, lines, untouched in found if lines]


def shown(connector: msgspec.Struct, names: list[str]) -> Lines:
    """Some settings by the names of their fields."""
    table = settings(type(connector))
    return [(said(table[name].label), lines(table[name], getattr(connector, name))) for name in names]
