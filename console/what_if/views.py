"""Trace → What-if: a client that might come, and what it would hear. Nothing is sent and nothing is kept."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _t

from console.actors import EVERY_ROLE
from console.crud.access import RoleRequired
from console.publishing import queries as publishing
from console.what_if import queries
from console.what_if.forms import DialogueForm
from console.what_if.reading import Reading
from console.what_if.unsaved import would_be
from transport.config.snapshot import Snapshot

ASK_DNS = "ask_dns"
FORM, ENTRIES = "of_form", "of_entries"
"""In a question about a form that is not saved: its path, and what it would send."""


class WhatIf(RoleRequired):
    """Whoever may read a setting may ask what comes of it: a POST writes nothing. A query string asks as well, so that
    a question can be sent to a colleague.
    """

    writers = EVERY_ROLE

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(DialogueForm(request.GET) if "client" in request.GET else DialogueForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = DialogueForm(request.POST, request.FILES)
        return self.show(form, request.POST.get(FORM, ""), request.POST.get(ENTRIES, ""))

    def show(self, form: DialogueForm, path: str = "", entries: str = "") -> HttpResponse:
        """The form, and the answer to what is entered; of the entries of another form that is not saved, too."""
        context: dict[str, Any] = {"title": _t("What-if"), "form": form, "path": path, "entries": entries}
        if form.is_valid() and (asked := self._asked(form, path, entries)) is not None:
            context |= self._answered(form, *asked, saved=publishing.saved())
        return render(self.request, "what_if/page.html", context, status=422 if form.errors else 200)

    def _asked(self, form: DialogueForm, path: str, entries: str) -> tuple[Snapshot, str] | None:
        """The configuration that is asked, and what it is called."""
        if path:
            unsaved = would_be(self.request, path, entries)
            if unsaved is None:
                form.add_error(None, _t("The form cannot be saved with these entries. Save there to read why."))
            return (unsaved, _t("Unsaved changes")) if unsaved is not None else None
        try:
            snapshot = queries.revision(form.cleaned_data["revision"])
        except ValidationError as error:
            form.add_error(None, error)
            return None
        return snapshot, publishing.called(snapshot.revision)

    def _answered(self, form: DialogueForm, asked: Snapshot, name: str, saved: Snapshot) -> dict[str, Any]:
        """The answer; beside it that of the newest revision, where another is asked."""
        dialogue, records = form.dialogue, form.cleaned_data["dns"]
        if ASK_DNS in self.request.POST:
            records = queries.looked_up(asked, dialogue, records)
        answer = queries.answer(asked, dialogue, records)
        form.show_questions(answer.questions)
        reading, other = Reading(answer), asked.revision != saved.revision
        now = Reading(queries.answer(saved, dialogue, records)) if other else None
        found = [] if other else queries.remedies(answer, dialogue)
        tried = queries.tried(asked, found, dialogue, records) if found else []
        return {"asked_of": name, "reading": reading, "now": now, "newest": saved.revision, "tried": tried}


class Unsaved(WhatIf):
    """Where a form that may be tried sends its entries: the question about them is asked next."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(DialogueForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        entries = request.POST.copy()
        entries.pop("csrfmiddlewaretoken", None)
        return self.show(DialogueForm(), request.GET.get("form", ""), entries.urlencode())
