"""Trace → What-if: a client that might come, and what it would hear. Nothing is sent and nothing is kept."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _t

from console.actors import EVERY_ROLE
from console.crud.access import RoleRequired
from console.publishing import queries as publishing
from console.publishing.models import ConfigRevision
from console.what_if import queries
from console.what_if.forms import DialogueForm
from console.what_if.reading import Reading
from transport.config.document import DocumentError
from transport.config.snapshot import Snapshot


class WhatIf(RoleRequired):
    """Whoever may read a setting may ask what comes of it: a POST writes nothing. A query string asks as well, so that
    a question can be sent to a colleague.
    """

    writers = EVERY_ROLE

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(DialogueForm(request.GET) if "client" in request.GET else DialogueForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        return self._show(DialogueForm(request.POST, request.FILES))

    def _show(self, form: DialogueForm) -> HttpResponse:
        context: dict[str, Any] = {"title": _t("What-if"), "form": form}
        if form.is_valid() and (snapshot := _snapshot(form)) is not None:
            answer = queries.answer(snapshot, form.dialogue)
            context |= {"asked_of": _t("Revision %d") % snapshot.revision, "reading": Reading(answer)}
        return render(self.request, "what_if/page.html", context, status=422 if form.errors else 200)


def _snapshot(form: DialogueForm) -> Snapshot | None:
    number = form.cleaned_data["revision"]
    if number is None:
        return publishing.saved()
    revision = ConfigRevision.objects.filter(number=number).first()
    if revision is None:
        form.add_error("revision", _t("There is no revision %d.") % number)
        return None
    try:
        return publishing.snapshot(revision)
    except DocumentError as error:
        form.add_error("revision", str(error))
        return None
