"""Who works in a draft: kept in the person's session, put on each of their requests."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from console.crud import schema
from console.drafts import actions, queries


class InDraft:
    """Middleware, behind those of sessions and messages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        pk = request.session.get(actions.KEY) if request.user.is_authenticated else None
        draft = queries.numbered(pk) if pk else None
        if pk and draft is None:
            return self._gone(request)
        if draft:
            actions.renew(draft)
        with schema.inside(draft.schema if draft else ""):  # a command of the shell may move from there
            return self.get_response(request)

    def _gone(self, request: HttpRequest) -> HttpResponse:
        """What was to be saved there must not be saved in the real thing."""
        actions.leave(request.session)
        messages.warning(
            request, _("The draft is gone: somebody activated or discarded it. You work on the real thing.")
        )
        if request.method in ("GET", "HEAD"):
            return self.get_response(request)
        here = reverse("drafts:list")
        return HttpResponseClientRedirect(here) if request.headers.get("HX-Request") else redirect(here)
