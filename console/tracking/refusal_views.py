"""Why mail is refused: every refusal in one list, and a page for each."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from console.crud.access import RoleRequired
from console.publishing import counts
from console.publishing.chart import chart
from console.publishing.counts import SPANS, span_of
from console.tracking import queries
from console.tracking.conversation import lines
from console.tracking.models import Session
from console.tracking.question import question
from console.tracking.refusals import grouped, lately, now, refusal
from console.tracking.remedies import of_rule

SHOWN = 10  # sessions
MOST = 20
"""Objects whose settings are shown: those that are not as a new one is."""


class RefusalList(RoleRequired):
    def get(self, request: HttpRequest) -> HttpResponse:
        text = request.GET.get("q", "").strip()
        if referred := queries.referred(text):
            fragment = request.headers.get("HX-Request") == "true"
            return HttpResponse(headers={"HX-Redirect": referred.url}) if fragment else redirect(referred.url)
        whole = bool(text or request.GET.get("all"))
        context = {"whole": whole, "text": text, "groups": grouped(text)} if whole else _lately(request)
        fragment = request.headers.get("HX-Target") == "refusals"
        return render(request, _fragment(whole) if fragment else "tracking/refusals.html", context)


class RefusalPage(RoleRequired):
    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        found = refusal(name)
        if found is None:
            raise Http404
        session = Session.objects.filter(pk=request.GET.get("session", "").replace("\0", "")).first()
        differing = now(found)
        context = {
            "refusal": found,
            "session": session,
            "remedies": of_rule(session, name) if session else [],
            "question": _question(session, name) if session else "",
            "objects": differing[:MOST],
            "more": len(differing) - MOST,
            "how_often": [(span, counts.total("refused", "rule", span.since(), name)) for span in SPANS.values()],
            "sessions": queries.refused_by(name, counts.last("refused", "rule", name), SHOWN),
            "crumbs": [(_("Refusals"), reverse("refusals:list"))],
        }
        return render(request, "tracking/refusal.html", context)


class RefusalQuestion(RoleRequired):
    """Leads to the What-if about a refusal by a rule: in the session `?session=`, or in the newest that there is."""

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        if refusal(name) is None:
            raise Http404
        wanted = request.GET.get("session", "").replace("\0", "")
        last = counts.last("refused", "rule", name)
        found = Session.objects.filter(pk=wanted) if wanted else queries.refused_by(name, last, 1)
        session = next(iter(found), None)
        asked = _question(session, name) if session is not None else ""
        if not asked:
            messages.info(request, _("The protocol log holds no session in which this was refused."))
        return redirect(asked or reverse("refusals:page", args=[name]))


def _lately(request: HttpRequest) -> dict[str, Any]:
    """What was refused in a span, over time and in all."""
    span, only_new = span_of(request.GET, "24h"), bool(request.GET.get("new"))
    shown = lately(span.since())
    steps = counts.by_step("refused", "rule", span)
    return {
        "shown": shown.only_new() if only_new else shown,
        "is_any_new": any(each.is_new for each in shown.rules),
        "only_new": only_new,
        "steps": steps,
        "chart": chart([(timezone.localtime(at), each) for at, each in steps]),
        "days": span.days,
        "span": span,
        "spans": SPANS.values(),
    }


def _question(session: Session, rule: str) -> str:
    """The What-if about the first refusal by a rule."""
    said = lines(session)
    first = next((line for line in said if line.refused and line.decision and line.decision.name == rule), None)
    return question(session, said, first)


def _fragment(whole: bool) -> str:
    return "tracking/refusal_table.html" if whole else "tracking/refusals_lately.html"
