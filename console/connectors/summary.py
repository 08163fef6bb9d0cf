"""What the settings of a Receive connector are, in the words of its property pages. Pure."""

from __future__ import annotations

from console.publishing.fields import lines
from transport.config.receive_connector import ReceiveConnector
from transport.config.setting import defaults, settings

Lines = list[tuple[str, list[str]]]
"""[(label, lines of the value)]; no lines where nothing is set."""


def tables(connector: ReceiveConnector, tabs: list[str]) -> list[tuple[str, Lines, bool]]:
    """(tab, what stands on it, whether all of that is at its default) for every setting that is obeyed."""
    default = defaults(ReceiveConnector)
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
