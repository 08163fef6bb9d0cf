"""What this administrator has done, as commands; the whole configuration as a script."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from console import clock
from console.commands import queries
from console.crud.access import RoleRequired
from console.crud.streaming import small_file

IN_THE_PANEL, ON_THE_PAGE = 12, 50


class Commands(RoleRequired):
    """The running list; a part of it for the panel in the top bar."""

    def get(self, request: HttpRequest) -> HttpResponse:
        panel = request.headers.get("HX-Target") == "commands-panel"
        done = queries.done(self.actor, IN_THE_PANEL if panel else ON_THE_PAGE)
        every = [line for each in reversed(done) for line in each.lines]
        context = {"title": _("Show commands"), "done": done, "all": "\n".join(every) if len(done) > 1 else ""}
        template = "commands/panel.html" if panel else "commands/done.html"
        return render(request, template, context)


class Script(RoleRequired):
    """The whole configuration, to be kept or to be run on an empty installation."""

    def get(self, request: HttpRequest) -> HttpResponse:
        text = "".join(line + "\n" for line in queries.whole_script())
        name = f"gatepost-{clock.now():%Y%m%d-%H%M}.ps1"
        return small_file(text, name, "text/plain; charset=utf-8")
