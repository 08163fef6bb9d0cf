from __future__ import annotations

from typing import Any

from console.actors import Actor
from console.audit.models import Entry


def record(
    actor: Actor,
    kind: str,
    name: str,
    verb: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    revision: int | None = None,
) -> Entry:
    """Writes one entry, in the caller's transaction. Secrets never belong into `before` and `after`."""
    return Entry.objects.create(
        actor=actor.name, kind=kind, object_name=name, verb=verb, before=before, after=after, revision=revision
    )


def record_reading(actor: Actor, name: str, verb: str, message: dict[str, Any]) -> Entry:
    """Who reads what somebody wrote, waiting or delivered, needs Organization Management, and it is written down.

    `message` says which one it was: sender, subject. Raises PermissionDenied.
    """
    actor.require()
    return record(actor, "Message", name, verb, None, message)
