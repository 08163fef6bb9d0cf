"""Show commands: what a form would do, and what a save has done, as commands.

Both are found out by doing it: the configuration before and after is compared, so that the commands are those of the
form whatever the form is. What is only to be shown is taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.messages.storage import default_storage
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from console.accounts.actors import Actor
from console.management_shell.script import script
from console.publishing import queries
from console.publishing.compile import compile_snapshot

TARGET = "commands"
"""The id of the element that shows what an unsaved form amounts to: htmx names it in its request."""
TAG = "commands"
"""Marks a message whose text is the number of a revision; the page shows the commands of it."""


class ShowCommands:
    """Middleware. A view takes part in the preview with `shows_commands = True`; in what follows a save, every view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return self.get_response(request)
        before = _newest_number()
        response = self.get_response(request)
        if response.status_code == 302:
            for number in _mine(before, Actor.of(request.user).name):
                messages.info(request, str(number), extra_tags=TAG)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        shows = getattr(getattr(view, "view_class", None), "shows_commands", False)
        if request.method != "POST" or request.headers.get("HX-Target") != TARGET or not shows:
            return None
        lines = _tried(request, lambda: view(request, *args, **kwargs))
        return render(request, "management_shell/commands_preview.html", {"lines": lines})


def _newest_number() -> int:
    newest = queries.newest()
    return newest.number if newest else 0


def _mine(after: int, author: str) -> list[int]:
    """The revisions since that this administrator has made: one for a form, some for a removal of several rows."""
    made = queries.revisions().filter(number__gt=after, author=author)
    return sorted(made.values_list("number", flat=True))


def _tried(request: HttpRequest, save: Callable[[], HttpResponse]) -> list[str] | None:
    """The commands of a save that is taken back; None when it is refused. No message of it reaches the page."""
    kept = messages.get_messages(request)
    request._messages = default_storage(request)
    try:
        with transaction.atomic():
            before = compile_snapshot(0)
            response = save()
            after = compile_snapshot(0)
            transaction.set_rollback(True)
    finally:
        request._messages = kept
    return script(before, after) if response.status_code == 302 else None
