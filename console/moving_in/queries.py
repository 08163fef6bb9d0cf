"""What an administrator has handed in, and what becomes of it."""

from __future__ import annotations

from console.actors import Actor
from console.certificates import queries as certificates
from console.moving_in.models import ImportDraft
from console.moving_in.objects import Item, Source
from console.moving_in.plan import Choice, Step, steps
from console.moving_in.report import Known, Translated
from console.moving_in.translation import translate
from console.publishing.compile import compile_snapshot
from console.users import queries as users
from transport.config.snapshot import Snapshot


def draft(actor: Actor) -> ImportDraft | None:
    """What the administrator has handed in."""
    return ImportDraft.objects.filter(author=actor.name).first()


def report(of: ImportDraft) -> tuple[list[Translated], list[Step]]:
    """What becomes of each object, and the steps that were chosen, beside what is here now."""
    now = compile_snapshot(0)
    items = [Item(Source(source), dict(properties)) for source, properties in of.contents]
    found = translate(items, known(now))
    chosen = {key: (str(choice), str(name)) for key, (choice, name) in of.choices.items()}
    return found, steps(found, now, chosen)


def planned(items: list[Item], replace: bool) -> tuple[list[Translated], list[Step]]:
    """The same for objects that are imported at once; `replace`: in place of what is in their way."""
    now = compile_snapshot(0)
    found = translate(items, known(now))
    chosen = {str(place): (Choice.REPLACE, "") for place in range(len(found))} if replace else {}
    return found, steps(found, now, chosen)


def known(now: Snapshot) -> Known:
    """What an import may name."""
    named = {each.name.lower(): each.domain_name for each in now.accepted_domains}
    return Known(frozenset(certificates.by_identifier()), users.principals(), named)
