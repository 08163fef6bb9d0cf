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
from django.utils.translation import ngettext

from console.actors import Actor
from console.audit import queries as audit
from console.commands import queries
from console.commands.script import script
from console.publishing import queries as publishing
from console.publishing.compile import compile_snapshot
from console.publishing.gateways import known

TARGET = "commands"
"""The id of the element that shows what an unsaved form amounts to: htmx names it in its request."""
TAG = "commands"
"""Marks a message whose text is commands."""
MOST_LINES = 40


class ShowCommands:
    """Middleware. A view takes part in the preview with `shows_commands = True`; in what follows a save, every view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return self.get_response(request)
        before = _newest()
        response = self.get_response(request)
        if response.status_code == 302 and request.user.is_authenticated:
            lines = _done_since(before, Actor.of(request.user))
            if lines:
                messages.info(request, _shortened(lines), extra_tags=TAG)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        shows = getattr(getattr(view, "view_class", None), "shows_commands", False)
        if request.method != "POST" or request.headers.get("HX-Target") != TARGET or not shows:
            return None
        lines = _tried(request, lambda: view(request, *args, **kwargs))
        return render(request, "commands/preview.html", {"lines": lines})


def _newest() -> tuple[int, int]:
    """The newest revision and the newest entry of the change history."""
    newest, entry = publishing.newest(), audit.entries().order_by("-pk").first()
    return newest.number if newest else 0, entry.pk if entry else 0


def _done_since(before: tuple[int, int], actor: Actor) -> list[str]:
    """The commands of what this administrator has done since, in its order: one save mostly, some for several rows."""
    revision, entry = before
    mine = publishing.revisions().filter(number__gt=revision, author=actor.name).values_list("number", flat=True)
    lines = [line for number in sorted(mine) for line in queries.commands_of(number)]
    others = [queries.command_of(each) for each in queries.own_entries(actor).filter(pk__gt=entry).order_by("pk")]
    return [line for line in [*lines, *others] if line]


def without_commands(request: HttpRequest) -> None:
    """Takes the commands of a save out of what the next page says: it shows them itself."""
    waiting = messages.get_messages(request)
    for each in [each for each in waiting if each.extra_tags != TAG]:
        messages.add_message(request, each.level, each.message, each.extra_tags or "")


def _shortened(lines: list[str]) -> str:
    if len(lines) <= MOST_LINES:
        return "\n".join(lines)
    more = len(lines) - MOST_LINES
    left = ngettext("# %d more is under Show commands.", "# %d more are under Show commands.", more) % more
    return "\n".join([*lines[:MOST_LINES], left])


def _tried(request: HttpRequest, save: Callable[[], HttpResponse]) -> list[str] | None:
    """The commands of a save that is taken back; None when it is refused."""
    with transaction.atomic():
        before = compile_snapshot(0)
        response = without_messages(request, save)
        after = compile_snapshot(0)
        transaction.set_rollback(True)
    return script(before, after, known()) if response.status_code == 302 else None


def without_messages(request: HttpRequest, save: Callable[[], HttpResponse]) -> HttpResponse:
    """The answer to a save that is only tried: no message of it reaches the page."""
    kept = messages.get_messages(request)
    request._messages = default_storage(request)  # type: ignore[attr-defined]  # what the middleware of messages sets
    try:
        return save()
    finally:
        request._messages = kept  # type: ignore[attr-defined]  # as it was
