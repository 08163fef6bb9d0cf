"""Trace → What-if: a client that might come, and what it would hear. Nothing is sent and nothing is kept."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _t

from console.actors import EVERY_ROLE
from console.crud.access import RoleRequired
from console.publishing import queries as publishing
from console.what_if import queries
from console.what_if.forms import DialogueForm
from console.what_if.reading import Reading
from console.what_if.unsaved import ENTRIES, FORM, snapshot_asked
from transport.config.snapshot import Snapshot

ASK_DNS = "ask_dns"


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
        if form.is_valid() and (found := snapshot_asked(self.request, form, path, entries)) is not None:
            context |= self._answered(form, *found, saved=publishing.saved())
        return render(self.request, "what_if/page.html", context, status=422 if form.errors else 200)

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
