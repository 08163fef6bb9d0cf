"""Every write of protection settings."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from console.accounts.actors import SYSTEM, Actor, Role
from console.protection import models, queries
from console.publishing.actions import change
from console.publishing.compare import RECIPIENT_FILTER, SENDER_FILTER
from console.publishing.rows import properties, struct_of, write
from console.publishing.settings_rows import STALE
from transport.config.filters import RecipientFilter, SenderFilter

WRITERS = frozenset({Role.ORGANIZATION_MANAGEMENT, Role.HYGIENE_MANAGEMENT})
KINDS: dict[type, str] = {RecipientFilter: RECIPIENT_FILTER, SenderFilter: SENDER_FILTER}


def set_filter(actor: Actor, wanted: Any, version: int | None = None) -> models.FilterSettings:
    """Puts a filter (the struct) as wanted; `version` is the one that the editor saw.

    Raises ValidationError with code `stale` when somebody saved it meanwhile.
    """
    actor.require(*WRITERS)
    kind = KINDS[type(wanted)]
    with change(actor, f"{kind}: changed") as under_way:
        row = queries.filter_settings(type(wanted))
        before = None if row._state.adding else struct_of(row, type(wanted))
        if version is not None and version != row.version:
            raise ValidationError(f"Somebody saved the {kind.lower()} meanwhile: look again, then save.", code=STALE)
        if before != wanted:
            write(wanted, row).version += 1
            row.save()
        under_way.record(kind, kind, properties(before) if before else None, properties(wanted))
    return row


def first_start() -> None:
    """In a new installation unknown recipients are refused."""
    if not models.RecipientFilter.objects.exists():
        set_filter(SYSTEM, RecipientFilter())
