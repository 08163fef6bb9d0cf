"""Every write of the management shell's own pages. What commands write, they write through the apps they are about."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from console.actors import Actor
from console.management_shell.history import is_secret
from console.management_shell.models import HistoryLine, ImportDraft
from console.moving_in.applying import WRITERS
from console.moving_in.objects import MOST_OBJECTS, ReadError
from console.moving_in.reading import read

MOST_KEPT = 200
LONGEST_KEPT = 20_000


def hand_in(actor: Actor, files: Sequence[tuple[str, bytes]]) -> ImportDraft:
    """Adds files (name, content) to the administrator's import. Raises ReadError that names the file; nothing is kept
    then. An object that was handed in before is not added again.
    """
    actor.require(*WRITERS)
    with transaction.atomic():
        draft, _ = ImportDraft.objects.select_for_update().get_or_create(author=actor.name)
        for name, content in files:
            try:
                items, others = read(content)
            except ReadError as error:
                raise ReadError(f"{name}: {error}") from None
            draft.sources.append(name)
            held = {json.dumps(each) for each in draft.contents}
            read_now = [[item.source.value, list(item.properties.items())] for item in items]
            draft.contents += [each for each in read_now if json.dumps(each) not in held]
            draft.others += others
        if len(draft.contents) > MOST_OBJECTS:
            raise ReadError(f"These are more than {MOST_OBJECTS:,} objects. Import some of them first.")
        draft.save()
    return draft


def choose(actor: Actor, draft: ImportDraft, choices: Mapping[str, tuple[str, str]]) -> None:
    """Keeps what was chosen for each object."""
    actor.require(*WRITERS)
    draft.choices = {**draft.choices, **choices}
    draft.save(update_fields=["choices"])


def discard(actor: Actor) -> None:
    """Forgets what the administrator has handed in."""
    actor.require(*WRITERS)
    ImportDraft.objects.filter(author=actor.name).delete()


@transaction.atomic
def remember(user: AbstractBaseUser, text: str) -> None:
    """Adds a script to somebody's history, unless it has a secret in it, is very long, or was the last one already."""
    lines = HistoryLine.objects.filter(user=user)
    newest = lines.first()
    if is_secret(text) or len(text) > LONGEST_KEPT or (newest is not None and newest.text == text):
        return
    HistoryLine.objects.create(user=user, text=text)
    kept = lines.values_list("pk", flat=True)[:MOST_KEPT]
    lines.exclude(pk__in=list(kept)).delete()


def forget(user: AbstractBaseUser) -> None:
    """Empties somebody's history."""
    HistoryLine.objects.filter(user=user).delete()
