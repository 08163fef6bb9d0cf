from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils.translation import gettext

from console.audit.models import Entry

MESSAGE = "Message"
RELAY = "Relay"
"""Who typed the name by which strangers may relay."""
DRAFT = "Draft"
"""Changes that were collected: created, activated, discarded."""
TRIAL = "Trial"
"""What was activated for a time: begun, confirmed, taken back, or not confirmed."""


@dataclass(frozen=True)
class Difference:
    """One setting, before and after, as text."""

    name: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        return self.before != self.after


def entries() -> QuerySet[Entry]:
    """The change history, newest first."""
    return Entry.objects.all()


def folded() -> QuerySet[Entry]:
    """The same, of what was done together the first entry alone."""
    earlier = Entry.objects.filter(batch=OuterRef("batch"), pk__lt=OuterRef("pk")).order_by()
    return Entry.objects.filter(~Exists(earlier))


def counted(rows: list[Entry]) -> list[Entry]:
    """Each entry with how many `others` were made together with it."""
    batches = {each.batch for each in rows if each.batch}
    found = Entry.objects.filter(batch__in=batches).order_by().values_list("batch").annotate(number=Count("pk"))
    numbers = dict(found)
    for each in rows:
        each.others = numbers.get(each.batch, 1) - 1
    return rows


def choices(field: str) -> list[tuple[str, str]]:
    """The values that occur in a field, for a filter."""
    values = Entry.objects.order_by(field).values_list(field, flat=True).distinct()
    return [(value, value) for value in values]


def name_of(entry: Entry) -> str:
    """How people call its object: a message, of which the entry has a UUID, by its subject and sender."""
    facts = entry.after or {}
    if entry.kind != MESSAGE or "sender" not in facts:
        return entry.object_name
    return f"{facts.get('subject') or gettext('(no subject)')} · {facts['sender'] or '<>'}"


def differences(entry: Entry) -> list[Difference]:
    """What an entry changed: the settings that differ; all of them for an object that came or went."""
    before, after = entry.before or {}, entry.after or {}
    names = list(dict.fromkeys([*before, *after]))
    every = [Difference(name.replace("_", " "), _text(before.get(name)), _text(after.get(name))) for name in names]
    return [each for each in every if each.changed or not (before and after)]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, list):
        return ", ".join(_text(each) for each in value)
    return "" if value is None else str(value)
