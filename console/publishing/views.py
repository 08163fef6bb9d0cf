"""Revisions: list, what one changed, two compared, an old one restored."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console.crud import BADGE, NAME, TIME, Badge, Column, Confirmation, CrudView, Detail
from console.crud.access import RoleRequired
from console.crud.action_page import ActionPage
from console.publishing import queries
from console.publishing.compare import Difference, differences
from console.publishing.models import ConfigRevision
from console.publishing.restore import WRITERS, restore
from console.publishing.trial import MOST_MINUTES, confirm, go_back
from transport.config.document import DocumentError
from transport.config.snapshot import Snapshot

MOST_SHOWN = 20
"""Changed objects in the details pane, which links to all of them."""


class RevisionPages(CrudView):
    model = ConfigRevision
    namespace = "publishing"
    noun, plural = _("revision"), _("revisions")
    purpose = _("Each save is a revision of the whole configuration. Any of them can be compared and restored.")
    unsorted = _("Revisions stand in the order in which they were made.")
    columns = [
        Column(_("Revision"), "number", NAME, sort="number"),
        Column(_("Saved"), "created_at", TIME),
        Column(_("By"), "author", sort="author"),
        Column(_("What"), "comment", wide=True),
        Column(_("In force on"), lambda row: row.in_force, BADGE),
    ]
    details = [
        Detail(_("Saved"), "created_at", TIME),
        Detail(_("By"), "author"),
        Detail(_("What"), "comment"),
        Detail(_("In force on"), lambda row: ", ".join(row.transports) or _t("no transport")),
        Detail(_("Checksum"), lambda row: row.checksum[:16]),
    ]
    search = ["author", "comment"]
    details_template = "publishing/revision_details.html"
    refresh = 10

    def name_of(self, obj: ConfigRevision) -> str:
        return _t("Revision %d") % obj.number

    def rows(self) -> Any:
        return queries.revisions()

    @cached_property
    def transports(self) -> dict[int | None, list[str]]:
        """Revision → names of the transports that answer under it."""
        found: dict[int | None, list[str]] = {}
        for transport in queries.running():
            found.setdefault(transport.revision, []).append(transport.name)
        return found

    def with_transports(self, row: ConfigRevision) -> ConfigRevision:
        row.transports = self.transports.get(row.number, [])
        row.in_force = [Badge(name, "good") for name in row.transports]
        return row

    def completed(self, rows: list[Any]) -> list[Any]:
        return [self.with_transports(row) for row in rows]

    def find(self, pk: Any) -> Any:
        return self.with_transports(super().find(pk))

    def details_context(self, selected: Any) -> dict[str, Any]:
        context = super().details_context(selected)
        if selected is None:
            return context
        newest = queries.newest()
        may_restore = self.may_write and newest is not None and selected.number != newest.number
        changes = changes_of(selected.number - 1, selected.number)
        more = max(0, len(changes) - MOST_SHOWN) if isinstance(changes, list) else 0
        shown = changes[:MOST_SHOWN] if isinstance(changes, list) else changes
        return context | {"changes": shown, "more": more, "newest": newest, "may_restore": may_restore}


def snapshot_of(number: int) -> Snapshot:
    """The snapshot of a revision; before the first one there is nothing."""
    return queries.snapshot(get_object_or_404(ConfigRevision, number=number)) if number > 0 else Snapshot()


def changes_of(before: int, after: int) -> list[Difference] | str:
    """What differs between two revisions, or why that cannot be said."""
    try:
        return differences(snapshot_of(before), snapshot_of(after))
    except DocumentError as error:
        return str(error)


class Compare(RoleRequired):
    """Two revisions beside each other; `?before=41&after=42` from the form leads to the page's own address."""

    def get(self, request: HttpRequest, before: int = 0, after: int = 0) -> HttpResponse:
        if not after:
            return self.to_chosen(request)
        context = {
            "title": _t("Revisions %(before)d and %(after)d") % {"before": before, "after": after},
            "crumbs": [(_t("Revisions"), reverse("publishing:list"))],
            "before": before,
            "after": after,
            "changes": changes_of(before, after),
            "numbers": queries.revisions().values_list("number", flat=True)[:500],
        }
        return render(request, "publishing/compare.html", context)

    def to_chosen(self, request: HttpRequest) -> HttpResponse:
        chosen = request.GET.get("before", ""), request.GET.get("after", "")
        if not all(number.isdecimal() for number in chosen):
            raise Http404
        return redirect("publishing:compare", *map(int, chosen))


class Activation(Confirmation):
    """For good, or for a time."""

    minutes = forms.IntegerField(
        label=_("Go back by itself after (minutes)"),
        min_value=1,
        max_value=MOST_MINUTES,
        required=False,
        help_text=_(
            "Empty: it stays. Otherwise all is as before after that time, on each transport, unless somebody confirms "
            "it here: also when you can no longer reach the console."
        ),
    )


class EndTrial(RoleRequired):
    """Confirms what is on trial, or goes back now."""

    writers = WRITERS

    def post(self, request: HttpRequest, how: str) -> HttpResponse:
        try:
            confirm(self.actor) if how == "confirm" else go_back(self.actor)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, _t("Confirmed: it stays.") if how == "confirm" else _t("All is as before."))
        return redirect("publishing:list")


class Restore(ActionPage):
    """Says what would change, then writes it."""

    writers = WRITERS
    form_class, template_name = Activation, "publishing/restore.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        pk, newest = self.kwargs["pk"], queries.newest()
        context |= {
            "title": _t("Restore revision %d?") % pk,
            "crumbs": [(_t("Revisions"), reverse("publishing:list"))],
            "revision": get_object_or_404(ConfigRevision, number=pk),
            "changes": changes_of(newest.number if newest else 0, pk),
            "cancel_url": reverse("publishing:details", args=[pk]),
        }
        return super().get_context_data(**context)

    def submit(self, form: Activation) -> HttpResponse:
        pk = self.kwargs["pk"]
        revision = restore(self.actor, pk, form.typed, form.cleaned_data["minutes"])
        if revision is None:
            messages.info(self.request, _t("Everything is as in revision %d already.") % pk)
        else:
            text = _t("Revision %(old)d is restored, as revision %(new)d.") % {"old": pk, "new": revision.number}
            messages.success(self.request, text)
        return redirect("publishing:list")
