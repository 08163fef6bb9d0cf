from __future__ import annotations

from typing import cast

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from console.accounts import actions as accounts
from console.accounts.models import Preferences
from console.crud.access import RoleRequired
from console.overview import guides, markdown, queries
from console.overview.attention import concerns
from console.overview.first_steps import first_steps
from console.overview.search import client, everything
from console.processes import queries as processes
from console.publishing import queries as publishing
from console.publishing.counts import SPANS, span_of
from console.queues import queries as queues
from console.relay_proof import queries as relay_proof
from transport import node


class Home(RoleRequired):
    def get(self, request: HttpRequest) -> HttpResponse:
        span = span_of(request.GET)
        told = processes.health_asked()
        steps, transports = queries.steps(span), publishing.running()
        tops, waiting = queries.tops(span), queues.next_hops(briefly=True)
        health = told()
        dismissed = Preferences.objects.filter(user=cast(User, request.user), first_steps_dismissed=True).exists()
        context = {
            "first_steps": [] if dismissed else first_steps(),
            "span": span,
            "spans": SPANS.values(),
            "steps": steps,
            "chart": queries.drawn(steps),
            "totals": queries.totals(steps) | queries.outcomes(tops),
            "rankings": queries.rankings(tops),
            "transports": transports,
            "sessions": sum(transport.sessions for transport in transports),
            "state": publishing.in_force(transports),
            "signs": health.signs,
            "concerns": concerns(health, waiting),
            "proved": relay_proof.newest(),
            "waiting": queries.queue_length(),
            "oldest": queries.oldest_waiting(waiting),
        }
        live = request.headers.get("HX-Target") == "overview"
        return render(request, "overview/live.html" if live else "overview/home.html", context)


class DismissFirstSteps(RoleRequired):
    """The reader wants to see them no more."""

    def post(self, request: HttpRequest) -> HttpResponse:
        accounts.prefer(cast(User, request.user), first_steps_dismissed=True)
        return redirect("overview:home")


class RevisionState(RoleRequired):
    """The words in the top bar, asked for again every few seconds."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "overview/revision_state_only.html")


class Search(RoleRequired):
    def get(self, request: HttpRequest) -> HttpResponse:
        text = request.GET.get("q", "").replace("\0", "").strip()
        found = {"sections": everything(text, self.actor), "client": client(text)} if text else {}
        return render(request, "overview/search.html", {"text": text, **found})


class Help(RoleRequired):
    """What the page is for from which somebody comes, the keys, every how-to, and what this copy is made of."""

    def get(self, request: HttpRequest) -> HttpResponse:
        page = request.GET.get("page", "")
        of_us = {"version": node.version(), "libraries": guides.libraries()}
        context = {"about": guides.about(page), "page": page, "guides": guides.GUIDES, **of_us}
        return render(request, "overview/help.html", context)


class GuidePage(RoleRequired):
    """A how-to of docs/."""

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        found = guides.guide(name)
        if found is None:
            raise Http404
        text = found.text().partition("\n")[2]  # its first line is the title
        context = {
            "guide": found,
            "html": markdown.html(text, _link),
            "crumbs": [(_("Help"), reverse("overview:help"))],
        }
        return render(request, "overview/guide.html", context)


def _link(target: str) -> str:
    """Another how-to, or another site; the rest of docs/ has no page here."""
    name = target.removesuffix(".md")
    if guides.guide(name):
        return reverse("overview:guide", args=[name])
    return target if target.startswith("https://") else ""
