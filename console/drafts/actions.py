"""A draft is begun, activated as one revision, or discarded. What stands in it is written as anywhere else."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from console.actors import SYSTEM, Actor, Role
from console.audit import actions as audit
from console.audit.queries import DRAFT
from console.crud.schema import inside
from console.drafts import layout, queries
from console.drafts.merge import Key
from console.publishing import queries as publishing
from console.publishing.actions import change, one_at_a_time
from console.publishing.models import ConfigRevision, Draft
from console.publishing.restore import become

WRITERS = frozenset({Role.ORGANIZATION_MANAGEMENT, Role.HYGIENE_MANAGEMENT})
LONGEST = 64
KEY = "draft"
"""Under which a session keeps the draft in which its person works."""


def begin(actor: Actor, name: str) -> Draft:
    """A new draft of what is published now. Raises ValidationError."""
    actor.require(*WRITERS)
    _require_name(name := name.strip())
    with inside(""), transaction.atomic():
        one_at_a_time()
        newest = publishing.newest_with_document()
        if newest is None:
            raise ValidationError(_("Nothing is published yet."))
        draft = Draft.objects.create(
            name=name, author=actor.name, base=newest.number, based_on=newest.document, document=newest.document
        )
        layout.begin(draft)
        audit.record(actor, DRAFT, name, "created", None, {"Based on revision": newest.number})
    return draft


def _require_name(name: str) -> None:
    if not 0 < len(name) <= LONGEST:
        raise ValidationError({"name": _("Write a name of 1 to %d characters.") % LONGEST})
    if queries.named(name):
        raise ValidationError({"name": _("There is a draft “%s” already.") % name})


def activate(
    actor: Actor,
    draft: Draft,
    decided: dict[Key, bool] | None = None,
    confirmed: Collection[str] = (),
    minutes: int | None = None,
) -> ConfigRevision | None:
    """Publishes what the draft changes as one revision; None when all is so already. Then the draft is gone, unless it
    holds for `minutes` only: who goes back still has it.

    `decided`: of each conflict, whether the draft's side is taken. Who did not save all of its changes themselves needs
    Organization Management. Raises ValidationError while a conflict is not decided, and RelayNotConfirmed.
    """
    actor.require(*WRITERS)
    with inside(""), change(actor, f"Draft {draft.name} activated", confirmed, minutes) as under_way:
        draft = _still_there(draft)
        if set(draft.authors) - {actor.name}:
            actor.require()
        sides = decided or {}
        result = queries.outcome(draft, {key for key, is_drafts in sides.items() if is_drafts}).merged
        if open_ones := [name for noun, name in result.conflicts if (noun, name) not in sides]:
            text = _("Others have published changes of the same meanwhile: %s. Decide whose count.")
            raise ValidationError(text % ", ".join(open_ones))
        become(under_way, result.snapshot)
        facts = {"Begun by": draft.author, "Saved by": ", ".join(draft.authors), "Based on revision": draft.base}
        audit.record(actor, DRAFT, draft.name, "activated", None, facts)
        if not minutes:
            _end(draft)
    return under_way.revision


def discard(actor: Actor, draft: Draft) -> None:
    """Its changes are gone. For who began it, and Organization Management."""
    actor.require(*WRITERS)
    if actor.name != draft.author:
        actor.require()
    with inside(""), transaction.atomic():
        one_at_a_time()
        draft = _still_there(draft)
        lost = [f"{each.name} ({each.verb})" for each in queries.outcome(draft).differences]
        audit.record(actor, DRAFT, draft.name, "discarded", {"Changes": ", ".join(lost)}, None)
        _end(draft)


def renew(draft: Draft) -> None:
    """Makes its tables anew where an upgrade has changed those of the settings."""
    if layout.is_laid_out(draft):
        return
    with inside(""), transaction.atomic():
        one_at_a_time()
        layout.renew(_still_there(draft), SYSTEM)


def _still_there(draft: Draft) -> Draft:
    found = Draft.objects.filter(pk=draft.pk).first()
    if found is None:
        raise ValidationError(_("This draft is gone: somebody activated or discarded it. Nothing was saved."))
    return found


def _end(draft: Draft) -> None:
    layout.take_away(draft)
    draft.delete()


def enter(session: Any, draft: Draft) -> None:
    """From the next request on."""
    session[KEY] = draft.pk


def leave(session: Any) -> None:
    session.pop(KEY, None)


def keep(session: Any) -> None:
    """Where this request has moved to, as a command of the shell does, the next one begins."""
    draft = publishing.draft()
    if draft is None:
        leave(session)
    elif session.get(KEY) != draft.pk:
        enter(session, draft)
