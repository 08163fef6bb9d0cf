"""Where *Retry now* was chosen, the page goes on to tell what comes of it."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html

from console.crud.access import RoleRequired
from console.queues import actions, queries

STOP = 286
"""htmx: nobody asks again (https://htmx.org/docs/#polling)."""


def follow(request: HttpRequest, text: str, what: str, recipients: Sequence[int], of: int) -> None:
    """Say `text` in the page that comes next; with scripts, how it goes on takes its place."""
    _followed, token = actions.follow(what, recipients, of) if recipients else (None, "")
    part = '<span hx-get="{}" hx-trigger="load" hx-target="closest .message" hx-swap="outerHTML">{}</span>'
    messages.success(request, format_html(part, reverse("queues:outcome", args=[token]), text) if token else text)


class OutcomePart(RoleRequired):
    """A part of a page, which asks for it again until it has ended."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        followed = queries.followed(token)
        if followed is None:
            return HttpResponse(status=STOP)
        said = queries.outcome_of(followed)
        if said.mark == request.GET.get("shown") and not said.ended:
            return HttpResponse(status=204)
        return render(request, "queues/outcome.html", {"said": said, "url": request.path})
