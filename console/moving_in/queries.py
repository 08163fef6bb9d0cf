"""What an administrator has handed in, and what becomes of it."""

from __future__ import annotations

from console.actors import Actor
from console.moving_in import applying
from console.moving_in.models import ImportDraft
from console.moving_in.objects import Item, Source
from console.moving_in.plan import Choice, Step, steps
from console.moving_in.report import Translated
from console.moving_in.translation import translate
from console.publishing.compile import compile_snapshot


def draft(actor: Actor) -> ImportDraft | None:
    """What the administrator has handed in."""
    return ImportDraft.objects.filter(author=actor.name).first()


def report(of: ImportDraft) -> tuple[list[Translated], list[Step]]:
    """What becomes of each object, and the steps that were chosen, beside what is here now."""
    now = compile_snapshot(0)
    items = [Item(Source(source), dict(properties)) for source, properties in of.contents]
    found = translate(items, applying.known(now))
    chosen = {key: (str(choice), str(name)) for key, (choice, name) in of.choices.items()}
    return found, steps(found, now, chosen)


def planned(items: list[Item], replace: bool) -> tuple[list[Translated], list[Step]]:
    """The same for objects that are imported at once; `replace`: in place of what is in their way."""
    now = compile_snapshot(0)
    found = translate(items, applying.known(now))
    chosen = {str(place): (Choice.REPLACE, "") for place in range(len(found))} if replace else {}
    return found, steps(found, now, chosen)
