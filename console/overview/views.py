from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from console.crud.access import RoleRequired
from console.overview import queries
from console.overview.attention import concerns
from console.overview.search import client, everything
from console.processes import queries as processes
from console.publishing import queries as publishing


class Home(RoleRequired):
    def get(self, request: HttpRequest) -> HttpResponse:
        steps, minutes = queries.first_steps(), queries.last_hour()
        transports = publishing.running()
        context = {
            "steps": steps if any(not (step.done or step.optional) for step in steps) else [],
            "offers": [step for step in steps if step.optional and not step.done],
            "minutes": minutes,
            "totals": queries.totals(minutes),
            "transports": transports,
            "sessions": sum(transport.sessions for transport in transports),
            "state": publishing.in_force(),
            "signs": processes.health().signs,
            "concerns": concerns(),
            "waiting": queries.queue_length(),
        }
        live = request.headers.get("HX-Target") == "overview"
        return render(request, "overview/live.html" if live else "overview/home.html", context)


class RevisionState(RoleRequired):
    """The words in the top bar, asked for again every few seconds."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "overview/revision_state_only.html")


class Search(RoleRequired):
    def get(self, request: HttpRequest) -> HttpResponse:
        text = request.GET.get("q", "").replace("\0", "").strip()
        found = {"sections": everything(text, self.actor), "client": client(text)} if text else {}
        return render(request, "overview/search.html", {"text": text, **found})
