"""Trace → Replay: sessions that were, answered again under another configuration. Nothing is written."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _t

from console.crud.access import RoleRequired
from console.replay import queries, reading
from console.replay.forms import ReplayForm
from console.tracking import queries as tracking
from console.what_if import queries as what_if

SECONDS = 5.0
"""That a page may take: some 20,000 sessions."""
CLIENTS = 50


class ReplayPage(RoleRequired):
    """A query string asks, so that what came of it can be sent to a colleague."""

    def get(self, request: HttpRequest) -> HttpResponse:
        form = ReplayForm(request.GET) if "range" in request.GET else ReplayForm()
        context: dict[str, Any] = {"title": _t("Replay"), "form": form}
        if form.is_valid():
            context |= self._answered(form)
        return render(request, "replay/page.html", context, status=422 if form.errors else 200)

    def _answered(self, form: ReplayForm) -> dict[str, Any]:
        try:
            snapshot = what_if.revision(form.cleaned_data["revision"])
        except ValidationError as error:
            form.add_error(None, error)
            return {}
        result = queries.replayed(snapshot, form.asked, SECONDS)
        shown = {each.record.session_id for kind in result.kinds for each in result.examples(kind)}
        return {
            "result": result,
            "revision": snapshot.revision,
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
