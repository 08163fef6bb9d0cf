"""Why mail is refused: every refusal in one list, and a page for each."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from console.crud.access import RoleRequired
from console.tracking import queries
from console.tracking.models import Session
from console.tracking.refusals import grouped, now, refusal
from console.tracking.remedies import of_rule

SHOWN = 5  # sessions


class RefusalList(RoleRequired):
    def get(self, request: HttpRequest) -> HttpResponse:
        text = request.GET.get("q", "").strip()
        context = {"groups": grouped(text), "text": text}
        fragment = request.headers.get("HX-Target") == "refusals"
        return render(request, "tracking/refusal_table.html" if fragment else "tracking/refusals.html", context)


class RefusalPage(RoleRequired):
    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        found = refusal(name)
        if found is None:
            raise Http404
        session = Session.objects.filter(pk=request.GET.get("session", "").replace("\0", "")).first()
        context = {
            "refusal": found,
            "session": session,
            "remedies": of_rule(session, name) if session else [],
            "objects": now(found),
            "sessions": queries.refused_by(name)[:SHOWN],
            "crumbs": [(_("Refusals"), reverse("refusals:list"))],
        }
        return render(request, "tracking/refusal.html", context)
