"""Drafts: list, begin, work in one, compare, activate, discard."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console.crud import NAME, NUMBER, TIME, Column, CrudView, Detail, schema
from console.crud.access import RoleRequired
from console.crud.action_page import ActionPage
from console.crud.kind import Page
from console.crud.views import REMOVE
from console.drafts import actions, queries
from console.drafts.forms import ActivateDraft, DraftForm
from console.publishing.models import Draft


class DraftPages(CrudView):
    model = Draft
    namespace = "drafts"
    noun, plural = _("draft"), _("drafts")
    purpose = _(
        "Changes of settings that are collected, compared, tried and proved, and activated as one revision. While you "
        "work in a draft, every page and the shell show and change the draft; nothing of it is in force. What is no "
        "setting (recipients, people, credentials, queues) changes at once."
    )
    first_step = _("Begin one, change settings as always, then activate all of it at once.")
    columns = [
        Column(_("Name"), "name", NAME, sort="name"),
        Column(_("Changes"), queries.changes, NUMBER),
        Column(_("Begun by"), "author", sort="author"),
        Column(_("Begun"), "begun_at", TIME, sort="begun_at"),
        Column(_("Based on revision"), "base", NUMBER, sort="base", minor=True),
    ]
    details = [
        Detail(_("Changes"), queries.changes, NUMBER),
        Detail(_("Begun by"), "author"),
        Detail(_("Saved by"), lambda row: ", ".join(row.authors)),
        Detail(_("Begun"), "begun_at", TIME),
        Detail(_("Based on revision"), "base"),
    ]
    search = ["name", "author"]
    form_class = DraftForm
    writers = actions.WRITERS
    details_template = "drafts/details.html"
    removal_warning = _("What was collected in it is lost. What is in force stays as it is.")

    def rows(self) -> Any:
        return queries.drafts()

    @classmethod
    def offers(cls, page: Page) -> bool:
        return page is not Page.EDIT and super().offers(page)

    def url_to_open(self, selected: Any) -> str:
        return ""

    def may(self, verb: Any, obj: Any) -> bool:
        return bool(verb is REMOVE)

    def save(self, form: DraftForm) -> Draft:
        draft = actions.begin(self.actor, form.cleaned_data["name"])
        actions.enter(self.request.session, draft)
        return draft

    def saved_message(self, obj: Any) -> str:
        return str(_t("You work in the draft “%s” now.") % obj.name)

    def remove(self, obj: Any) -> None:
        actions.discard(self.actor, obj)
        if self.request.session.get(actions.KEY) == obj.pk:
            _back(self.request)


def _back(request: HttpRequest) -> None:
    """To the real thing, for the rest of this request as well."""
    actions.leave(request.session)
    schema.move("")


class Use(RoleRequired):
    """Work in a draft; everybody may who may see settings, and change what they may change elsewhere."""

    writers = RoleRequired.readers

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        draft = get_object_or_404(Draft, pk=pk)
        actions.enter(request.session, draft)
        messages.success(request, _t("You work in the draft “%s” now.") % draft.name)
        return redirect("drafts:list")


class Leave(RoleRequired):
    writers = RoleRequired.readers

    def post(self, request: HttpRequest) -> HttpResponse:
        _back(request)
        messages.success(request, _t("You work on the real thing again."))
        return redirect("drafts:list")


class Compare(RoleRequired):
    """What activating it would change of what is in force, and who else changes the same."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        draft = get_object_or_404(Draft, pk=pk)
        return render(request, "drafts/compare.html", _context(draft, _t("Draft “%s”") % draft.name))


def _context(draft: Draft, title: str) -> dict[str, Any]:
    crumbs = [(_t("Drafts"), reverse("drafts:list"))]
    return {"draft": draft, "title": title, "crumbs": crumbs, "outcome": queries.outcome(draft)}


class Activate(ActionPage):
    """Says what would change, asks whose change counts, then publishes it."""

    writers = actions.WRITERS
    form_class, template_name = ActivateDraft, "drafts/activate.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        self.draft = get_object_or_404(Draft, pk=self.kwargs["pk"])
        return super().get_form_kwargs() | {"conflicts": queries.outcome(self.draft).merged.conflicts}

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        context |= {"cancel_url": reverse("drafts:compare", args=[self.kwargs["pk"]])}
        form = super().get_context_data(**context)
        return form | _context(self.draft, _t("Activate the draft “%s”?") % self.draft.name)

    def submit(self, form: ActivateDraft) -> HttpResponse:
        minutes = form.cleaned_data["minutes"]
        revision = actions.activate(self.actor, self.draft, form.decided, form.typed, minutes)
        _back(self.request)
        if revision is None:
            messages.info(self.request, _t("Everything is so already."))
        else:
            text = _t("The draft “%(name)s” is activated, as revision %(number)d.")
            messages.success(self.request, text % {"name": self.draft.name, "number": revision.number})
        return redirect("publishing:list")
