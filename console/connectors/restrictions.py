"""Whom a Send connector's delivery restrictions name, spelled as the directory spells them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from console.publishing.settings_rows import Changes
from console.users import queries as users
from transport.config.send_connector import SendConnector

LISTS = ("accept_messages_from", "reject_messages_from")


def spelled(changes: Changes) -> Changes:
    """Changes of any connector, in which those lists are as the directory writes names."""
    if callable(changes):
        return lambda now: _spelled(changes(now))
    return _spelled(changes)


def written_out(connector: Any) -> Any:
    """A connector, with its lists so."""
    if not isinstance(connector, SendConnector):
        return connector
    return replace(connector, **_spelled({field: getattr(connector, field) for field in LISTS}))


def _spelled(changes: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**changes, **{field: users.written_out(changes[field]) for field in LISTS if changes.get(field)}}
