"""What an administrator hands in for an import is kept until it is applied or discarded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from django.db import transaction

from console.actors import Actor
from console.moving_in.applying import WRITERS
from console.moving_in.models import ImportDraft
from console.moving_in.objects import MOST_OBJECTS, ReadError
from console.moving_in.reading import read


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
