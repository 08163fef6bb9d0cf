"""Trace → Replay: sessions that were, answered again under another configuration. Nothing is written."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _t

from console.actors import EVERY_ROLE
from console.crud.access import RoleRequired
from console.replay import queries, reading
from console.replay.forms import ReplayForm
from console.tracking import queries as tracking
from console.what_if.unsaved import ENTRIES, FORM, snapshot_asked
from transport.config.snapshot import Snapshot

SECONDS = 5.0
"""That a page may take: some 50,000 sessions, where the processor has nothing else to do."""
CLIENTS = 50


class ReplayPage(RoleRequired):
    """A query string asks, so that what came of it can be sent to a colleague; a POST asks of changes that are not
    saved, and writes nothing.
    """

    writers = EVERY_ROLE

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(ReplayForm(request.GET) if "range" in request.GET else ReplayForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        return self._show(ReplayForm(request.POST), request.POST.get(FORM, ""), request.POST.get(ENTRIES, ""))

    def _show(self, form: ReplayForm, path: str = "", entries: str = "") -> HttpResponse:
        context: dict[str, Any] = {"title": _t("Replay"), "form": form, "path": path, "entries": entries}
        if form.is_valid() and (found := snapshot_asked(self.request, form, path, entries)) is not None:
            context |= _answered(form, *found)
        return render(self.request, "replay/page.html", context, status=422 if form.errors else 200)


def _answered(form: ReplayForm, snapshot: Snapshot, name: str) -> dict[str, Any]:
    result = queries.replayed(snapshot, form.asked, SECONDS)
    shown = {each.record.session_id for kind in result.kinds for each in result.examples(kind)}
    return {
        "asked_of": name,
        "result": result,
        "recorded": queries.recorded(form.asked),
        "groups": list(reading.groups(result, tracking.recorded(shown))),
        "clients": result.clients.most_common(CLIENTS),
        "more_clients": len(result.clients) - CLIENTS,
        "ended": reading.ended(result),
        "as_then": reading.AS_THEN,
        "as_now": reading.AS_NOW,
        "not_compared": reading.NOT_COMPARED,
        "seconds": int(SECONDS),
    }
