"""Every write of protection settings."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from console.accounts.actors import SYSTEM, Actor, Role
from console.protection import models
from console.publishing.actions import change
from console.publishing.compare import RECIPIENT_FILTER
from console.publishing.rows import properties, struct_of, write
from transport.config.filters import RecipientFilter

WRITERS = frozenset({Role.ORGANIZATION_MANAGEMENT, Role.HYGIENE_MANAGEMENT})


def set_recipient_filter(actor: Actor, wanted: RecipientFilter, version: int | None = None) -> models.RecipientFilter:
    """Puts the recipient filter as wanted; `version` is the one that the editor saw."""
    actor.require(*WRITERS)
    with change(actor, f"{RECIPIENT_FILTER}: changed") as under_way:
        row = models.RecipientFilter.objects.filter(pk=1).first() or models.RecipientFilter(pk=1)
        before = None if row._state.adding else struct_of(row, RecipientFilter)
        if version is not None and version != row.version:
            raise ValidationError("Somebody saved the recipient filter meanwhile: look again, then save.", code="stale")
        if before != wanted:
            write(wanted, row).version += 1
            row.save()
        old = properties(before) if before else None
        under_way.record(RECIPIENT_FILTER, RECIPIENT_FILTER, old, properties(wanted))
    return row


def first_start() -> None:
    """In a new installation unknown recipients are refused."""
    if not models.RecipientFilter.objects.exists():
        set_recipient_filter(SYSTEM, RecipientFilter(recipient_validation_enabled=True))
