from __future__ import annotations

from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from console.audit import queries
from console.audit.models import Entry
from console.crud import BADGE, NAME, NUMBER, TIME, Badge, Column, CrudView, Filter

TONES = {"created": "good", "removed": "bad", "disabled": "warning"}


class ChangeHistory(CrudView):
    model = Entry
    namespace = "audit"
    noun, plural = _("change"), _("changes")
    title = _("Change history")
    purpose = _("Who changed which setting, when, and from what to what. Entries are never altered.")
    first_step = _("As soon as somebody saves a setting, it stands here.")
    columns = [
        Column(_("Time"), "time", TIME, sort="time"),
        Column(_("Who"), "actor", sort="actor"),
        Column(_("Object"), queries.name_of, NAME, sort="object_name"),
        Column(_("Kind"), "kind", sort="kind", minor=True),
        Column(_("What"), lambda entry: Badge(entry.verb, TONES.get(entry.verb, "neutral")), BADGE, sort="verb"),
        Column(_("Revision"), "revision", NUMBER, sort="revision", minor=True),
    ]
    search = ["object_name", "kind", "actor", "verb", "after__subject", "after__sender"]
    filters = [
        Filter("kind", _("Kind"), partial(queries.choices, "kind")),
        Filter("actor", _("Who"), partial(queries.choices, "actor")),
    ]
    writers = frozenset()
    refresh = 15
    details_template = "audit/details.html"

    def rows(self) -> QuerySet[Entry]:
        return queries.entries()

    def name_of(self, obj: Entry) -> str:
        return queries.name_of(obj)

    def details_context(self, selected: Entry | None) -> dict[str, Any]:
        found = queries.differences(selected) if selected else []
        return super().details_context(selected) | {"differences": found}
