from __future__ import annotations

from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, ngettext

from console.audit import queries
from console.audit.models import Entry
from console.crud import BADGE, NAME, NUMBER, TIME, Badge, Column, CrudView, Filter, Page, times
from console.crud.said import said

MADE = {"created", "added", "made"}
TONES = {"created": "good", "removed": "bad", "disabled": "warning"}
# What is written down stays English; these are the words of it that a page shows in another language.
# fmt: off
VERBS = (
    gettext_noop("created"), gettext_noop("added"), gettext_noop("made"), gettext_noop("changed"),
    gettext_noop("removed"), gettext_noop("enabled"), gettext_noop("disabled"), gettext_noop("exported"),
    gettext_noop("read"), gettext_noop("password set"), gettext_noop("published"), gettext_noop("active"),
    gettext_noop("retiring"), gettext_noop("revoked"), gettext_noop("retried"), gettext_noop("resumed"),
    gettext_noop("suspended"), gettext_noop("reported"), gettext_noop("redirected"), gettext_noop("imported"),
    gettext_noop("messages deleted"), gettext_noop("handed in"), gettext_noop("requested its mail"),
    gettext_noop("tagged"), gettext_noop("ended"), gettext_noop("tested"),
    gettext_noop("begun"), gettext_noop("confirmed"), gettext_noop("not confirmed"), gettext_noop("taken back"),
    gettext_noop("activated"), gettext_noop("discarded"),
    gettext_noop("removed with NDR"), gettext_noop("removed without NDR"),
)
KINDS = (
    gettext_noop("Administrator"), gettext_noop("Certificate"), gettext_noop("Certificate request"),
    gettext_noop("Internal authority"), gettext_noop("Credential"), gettext_noop("DKIM key"),
    gettext_noop("Directory"), gettext_noop("Draft"), gettext_noop("Group"), gettext_noop("Keytab"),
    gettext_noop("Link"),
    gettext_noop("Mailbox"), gettext_noop("Message"), gettext_noop("Queue"), gettext_noop("Recipient"),
    gettext_noop("Session"), gettext_noop("TLS report"), gettext_noop("Trial"), gettext_noop("User"),
)
FACTS = (
    gettext_noop("user name"), gettext_noop("full name"), gettext_noop("display name"),
    gettext_noop("description"), gettext_noop("groups in it"), gettext_noop("addresses"), gettext_noop("address"),
    gettext_noop("enabled"), gettext_noop("roles"), gettext_noop("groups"), gettext_noop("Thumbprint"),
    gettext_noop("Names"), gettext_noop("Name"), gettext_noop("sender"), gettext_noop("recipient"),
    gettext_noop("result"), gettext_noop("Kind"), gettext_noop("User name"), gettext_noop("Tenant"),
    gettext_noop("Application"), gettext_noop("Secret"), gettext_noop("Secret ends"), gettext_noop("Connections"),
    gettext_noop("Messages per minute"), gettext_noop("Messages per day"), gettext_noop("Tags"), gettext_noop("added"),
    gettext_noop("renamed"), gettext_noop("Domain"), gettext_noop("Selector"), gettext_noop("Algorithm"),
    gettext_noop("State"), gettext_noop("Based on revision"), gettext_noop("Begun by"), gettext_noop("Saved by"),
    gettext_noop("Changes"), gettext_noop("domain"), gettext_noop("servers"), gettext_noop("server"),
    gettext_noop("port"), gettext_noop("mailbox"), gettext_noop("messages"), gettext_noop("first"),
    gettext_noop("from"), gettext_noop("subject"), gettext_noop("Danger"), gettext_noop("Minutes"),
    gettext_noop("Former revision"), gettext_noop("recipients"), gettext_noop("held"), gettext_noop("state"),
    gettext_noop("suspended"), gettext_noop("suspended for"), gettext_noop("suspended until"), gettext_noop("held for"),
    gettext_noop("held until"), gettext_noop("to"), gettext_noop("was"), gettext_noop("message id"),
    gettext_noop("Report"), gettext_noop("Domains"), gettext_noop("Client"), gettext_noop("Connector"),
)
# fmt: on


def _object(entry: Entry) -> str:
    name, others = queries.name_of(entry), getattr(entry, "others", 0)
    return name + " " + ngettext("and %d more", "and %d more", others) % others if others else name


def _heading(entry: Entry) -> object:
    """What the values kept with it are: of what was only read, tested or asked for, no settings."""
    if entry.before and entry.after:
        return _("Before and after")
    if entry.before:
        return _("It was")
    return _("Settings") if entry.verb in MADE else _("Kept with this entry")


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
        Column(_("Object"), _object, NAME, sort="object_name", wide=True),
        Column(_("Kind"), lambda entry: said(entry.kind), sort="kind", minor=True),
        Column(_("What"), lambda entry: Badge(entry.verb, TONES.get(entry.verb, "neutral")), BADGE, sort="verb"),
        Column(_("Revision"), "revision", NUMBER, sort="revision", minor=True),
    ]
    search = ["object_name", "kind", "actor", "verb", "after__subject", "after__sender"]
    filters = [
        Filter("kind", _("Kind"), partial(queries.choices, "kind")),
        Filter("actor", _("Who"), partial(queries.choices, "actor")),
        *times.FILTERS,
        Filter("batch", _("Made together"), input_type="hidden", shown=lambda value: value[:8]),
    ]
    writers = frozenset()
    refresh = 15
    details_template = "audit/details.html"

    def rows(self) -> QuerySet[Entry]:
        """What was done together is one row, until something is looked for."""
        return queries.folded() if self.page is not Page.CSV and not self.asks else queries.entries()

    def completed(self, rows: list[Entry]) -> list[Entry]:
        return queries.counted(rows) if not self.asks else rows

    def find(self, pk: Any) -> Any:
        return queries.counted([super().find(pk)])[0]

    def filtered(self, rows: Any) -> Any:
        asked = {each.name: self.asked(each.name) for each in times.FILTERS}
        return super().filtered(times.between(rows, "time", *times.span(asked)))

    def name_of(self, obj: Entry) -> str:
        return queries.name_of(obj)

    def details_context(self, selected: Entry | None) -> dict[str, Any]:
        found = queries.differences(selected) if selected else []
        heading = _heading(selected) if selected else ""
        return super().details_context(selected) | {"differences": found, "heading": heading}
