"""Trace → Open sessions: who is connected now, and the end of a session."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from console.connectors.models import ReceiveConnector
from console.crud.access import RoleRequired
from console.crud.again import own_page
from console.tracking import actions, open_sessions
from console.tracking.models import Session

REFRESHED = 2  # seconds
LONGEST = 60
"""Characters of what is asked for: an address, the name of a connector."""


class OpenSessionsPage(RoleRequired):
    """`?connector=` and `?client=` narrow it; `?paused=1` keeps what is there."""

    writers = actions.MAY_END

    def get(self, request: HttpRequest) -> HttpResponse:
        connector, client = (_asked(request, name) for name in ("connector", "client"))
        paused = bool(request.GET.get("paused"))
        asked = {"connector": connector, "client": client}
        narrowed = {name: value for name, value in asked.items() if value}
        context: dict[str, Any] = {
            "open": open_sessions.opened(connector, client),
            "connectors": ReceiveConnector.objects.order_by("name").values_list("name", flat=True),
            "refresh": 0 if paused else REFRESHED,
            "here": _url(narrowed | ({"paused": "1"} if paused else {})),
            "other": _url(narrowed if paused else narrowed | {"paused": "1"}),
            "may_write": self.may_write,
            "narrowed": narrowed,
            **asked,
        }
        fragment = request.headers.get("HX-Target") == "open-sessions"
        return render(request, "tracking/open_table.html" if fragment else "tracking/open.html", context)


class EndSession(RoleRequired):
    """POST of a session's id ends it."""

    writers = actions.MAY_END

    def post(self, request: HttpRequest) -> HttpResponse:
        session_id = request.POST.get("session", "").replace("\0", "")[:LONGEST]
        if actions.end_session(self.actor, session_id, *_known(session_id)):
            messages.success(request, _("Session %s was ended.") % session_id)
        else:
            messages.warning(request, _("No transport that runs has session %s any more.") % session_id)
        return redirect(own_page(request.POST.get("back", "")) or reverse("open_sessions:list"))


def _known(session_id: str) -> tuple[str, str]:
    """The connector and the client of a session, as far as somebody looks at it or the protocol log has it."""
    if row := open_sessions.find(session_id):
        return row.session.connector, row.session.client
    logged = Session.objects.filter(pk=session_id).first()
    return (logged.connector_name, logged.remote_address) if logged else ("", "")


def _asked(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "").strip()[: None if name == "connector" else LONGEST]


def _url(asked: dict[str, str]) -> str:
    return reverse("open_sessions:list") + (f"?{urlencode(asked)}" if asked else "")
