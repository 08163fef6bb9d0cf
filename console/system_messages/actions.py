"""Every write of system messages. Each raises PermissionDenied, and ValidationError at the field that cannot stand."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from console.actors import Actor, Role
from console.publishing.settings_rows import Changes, SettingsRows
from console.system_messages.published import SYSTEM_MESSAGE
from transport.config.rules import system_message_problems
from transport.config.system_message import SystemMessage, identity

WRITERS = frozenset({Role.ORGANIZATION_MANAGEMENT})
ROWS = SettingsRows(SYSTEM_MESSAGE, system_message_problems, WRITERS)


def create(actor: Actor, message: SystemMessage) -> Any:
    """Own words for a code; its name follows."""
    return ROWS.create(actor, replace(message, name=identity(message)))


def update(actor: Actor, pk: int, changes: Changes, version: int | None = None) -> Any:
    """Changes some settings (field → value, or what makes that of the present ones); its name follows."""
    return ROWS.update(actor, pk, lambda now: _named(now, changes), version)


def _named(now: SystemMessage, changes: Changes) -> dict[str, Any]:
    given = changes(now) if callable(changes) else dict(changes)
    return {**given, "name": identity(replace(now, **given))}


def remove(actor: Actor, pk: int) -> None:
    """The usual words are used again."""
    ROWS.remove(actor, pk)
