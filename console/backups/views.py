"""Administration → Backups: what there is, when the next one is made, how one is restored, and restored mail."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.actors import Role
from console.backups import actions, queries
from console.backups.forms import ScheduleForm
from console.backups.models import Run
from console.crud.access import RoleRequired
from console.crud.action_page import ActionPage

PACKAGE = Path("/usr/lib/gatepost")
WITH = "FILE --key-file secret.key"
READERS = frozenset({Role.ORGANIZATION_MANAGEMENT, Role.VIEW_ONLY})
AGES = [
    ("", gettext_lazy("All of it")),
    ("1", gettext_lazy("Older than 1 hour")),
    ("4", gettext_lazy("Older than 4 hours")),
    ("24", gettext_lazy("Older than 1 day")),
    ("48", gettext_lazy("Older than 2 days")),
]
VERBS = [
    ("resume", gettext_lazy("Release")),
    ("remove-without-ndr", gettext_lazy("Drop")),
    ("remove-with-ndr", gettext_lazy("Drop, and tell the senders")),
]


class BackupsPage(RoleRequired):
    readers = READERS
    title = gettext_lazy("Backups")
    purpose = gettext_lazy("Everything that this copy keeps, as one file: settings, queue, journal and mailboxes.")

    def get(self, request: HttpRequest) -> HttpResponse:
        schedule, restored = queries.schedule(), queries.restored()
        context: dict[str, Any] = {
            "title": self.title,
            "purpose": self.purpose,
            "view": self,
            "schedule": schedule,
            "runs": queries.runs(),
            "home": settings.GATEPOST_HOME,
            "restore_command": _in_package("restore --replace") or _in_checkout("restore", "/var/lib/gatepost"),
            "check_command": _in_package("restore --check") or _in_checkout("restore --check"),
        }
        if restored:
            context |= {"restored": restored[0], "held": restored[1], "ages": _ages()}
        return render(request, "backups/page.html", context)


def _in_package(command: str) -> str:
    """As it is typed where the Debian package runs us, whose installation has begun a copy already; else empty."""
    return f"sudo gatepost {command} {WITH}" if settings.BASE_DIR == PACKAGE else ""


def _in_checkout(command: str, home: str = "") -> str:
    return f"{f'GATEPOST_HOME={home} ' if home else ''}.venv/bin/python manage.py {command} {WITH}"


def _ages() -> list[dict[str, Any]]:
    """How much is held of each age, and where something is done about it."""
    return [_age(hours, label) for hours, label in AGES]


def _age(hours: str, label: Any) -> dict[str, Any]:
    asked = {"status": "Restored"} | ({"older": hours} if hours else {})
    back = {"back": reverse("backups:page")}
    ask = [
        (said, reverse("queues:ask") + "?" + urlencode({"verb": verb, "all": "messages"} | asked | back))
        for verb, said in VERBS
    ]
    return {"label": label, "ask": ask, "show": reverse("queues:message-list") + "?" + urlencode(asked)}


class SchedulePage(ActionPage):
    form_class = ScheduleForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"instance": queries.schedule()}

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        crumbs = [(_("Backups"), reverse("backups:page"))]
        return super().get_context_data(**context) | {
            "title": _("Backup schedule"),
            "crumbs": crumbs,
            "cancel_url": reverse("backups:page"),
        }

    def submit(self, form: ScheduleForm) -> HttpResponse:
        actions.save_schedule(self.actor, form.wanted())
        messages.success(self.request, _("The schedule is saved."))
        return redirect("backups:page")


class RunNow(RoleRequired):
    def post(self, request: HttpRequest) -> HttpResponse:
        actions.want_run(self.actor)
        messages.success(request, _("A backup begins within 15 seconds, as soon as none is under way."))
        return redirect("backups:page")


class CheckNow(RoleRequired):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = get_object_or_404(Run, pk=pk)
        actions.want_check(self.actor, run)
        messages.success(request, _("%s is checked within 15 seconds.") % run.name)
        return redirect("backups:page")
