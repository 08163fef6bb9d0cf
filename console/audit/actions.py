from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID, uuid4

from console.actors import Actor
from console.audit.models import Entry

_batch: ContextVar[UUID | None] = ContextVar("batch", default=None)


@contextmanager
def together() -> Iterator[None]:
    """What is recorded meanwhile is one row of the change history, opened to see each. One inside another joins it."""
    token = _batch.set(_batch.get() or uuid4())
    try:
        yield
    finally:
        _batch.reset(token)


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
        actor=actor.name,
        kind=kind,
        object_name=name,
        verb=verb,
        before=before,
        after=after,
        revision=revision,
        batch=_batch.get(),
    )


def record_reading(actor: Actor, name: str, verb: str, message: dict[str, Any]) -> Entry:
    """Who reads what somebody wrote, waiting or delivered, needs Organization Management, and it is written down.

    `message` says which one it was: sender, subject. Raises PermissionDenied.
    """
    actor.require()
    return record(actor, "Message", name, verb, None, message)
