"""The property page of a Receive connector: one URL and one form for each tab."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from msgspec.structs import replace

from console.certificates import queries as certificates
from console.connectors import actions, ehlo, models, queries
from console.connectors.forms import FORMS
from console.connectors.sentence import sentence
from console.connectors.warnings import warned
from console.crud import Tab
from console.crud.access import RoleRequired
from console.kerberos import queries as kerberos
from console.publishing import queries as publishing
from transport.config import rules
from transport.config.receive_connector import AuthMechanism, ProtocolLoggingLevel, ReceiveConnector
from transport.receive.greeting import greeting

TABS = {section.lower(): form for section, form in FORMS.items()}
ACTIVITY = "activity"
PREVIEWS = {
    "security": "connectors/rights.html",
    "scoping": "connectors/greeting.html",
    "extensions": "connectors/ehlo.html",
    "certificate": "connectors/certificate_shown.html",
}


def first_tab(request: HttpRequest, pk: int) -> HttpResponse:
    """The page that lists link to."""
    return redirect("connectors:receive-properties", pk, "general")


class Properties(RoleRequired):
    """A tab. A POST whose target is the preview gets that part of the page for what is entered; nothing is saved."""

    writers = actions.WRITERS
    shows_commands = True

    def dispatch(self, request: HttpRequest, *args: Any, pk: int, tab: str, **kwargs: Any) -> HttpResponseBase:
        if tab not in TABS:
            raise Http404
        self.tab, self.row = tab, get_object_or_404(models.ReceiveConnector, pk=pk)
        self.connector = queries.receive(self.row)
        self.beside = queries.beside(self.connector.name)
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(TABS[self.tab](now=self.connector, row=self.row))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = TABS[self.tab](request.POST, now=self.connector, row=self.row)
        valid = form.is_valid()
        if request.headers.get("HX-Target") == "preview" and self.tab in PREVIEWS:
            return render(request, PREVIEWS[self.tab], self.previewed(form))
        if valid and self.saved(form):
            messages.success(request, _("%s is saved.") % form.changes.get("name", self.connector.name))
            return redirect(request.path)
        if not valid:
            self.say_all(form)
        return self.show(form)

    def say_all(self, form: Any) -> None:
        """What the rules have against the entries that could be read is said at once, beside those that could not."""
        for problem in rules.problems(self.entered(form), ()):
            if problem.field in form.cleaned_data:
                form.add_error(problem.field, problem.message)

    def saved(self, form: Any) -> bool:
        try:
            actions.update(self.actor, ReceiveConnector, self.row.pk, form.changes, form.seen_version, form.typed)
        except ValidationError as error:
            form.put(error)
            return False
        return True

    def show(self, form: Any) -> HttpResponse:
        name = self.connector.name
        context = {
            "title": name,
            "crumbs": [(_("Receive connectors"), reverse("connectors:receive-list"))],
            "tabs": tabs(self.row, self.tab, bool(form.errors)),
            "problems": publishing.listening_problems().get(name, []),
            "connector": self.connector,
            "cancel_url": reverse("connectors:receive-details", args=[self.row.pk]),
            "may_write": self.may_write,
            **self.previewed(form),
        }
        status = 422 if form.errors else 200
        templates = [f"connectors/{self.tab}.html", "connectors/general.html"]
        return render(self.request, templates, context, status=status)

    def entered(self, form: Any) -> ReceiveConnector:
        """The connector with those of the entries that can be read."""
        read = getattr(form, "cleaned_data", {})
        return replace(self.connector, **{name: read[name] for name in [*form.shown, "grants"] if name in read})

    def previewed(self, form: Any) -> dict[str, Any]:
        """What the entries amount to: the warnings, and what a client would see."""
        connector, saved = self.entered(form), sentence(self.connector, self.beside)
        return {
            "form": form,
            "entered": connector,
            "entered_sentence": saved if connector == self.connector else sentence(connector, self.beside),
            "sentence": saved,
            **warned(connector, self.beside.accepted_domains),
            **_seen(self.tab, connector),
        }


class Activity(RoleRequired):
    """What goes on: sessions under way, and what was refused last, with the reasons."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = get_object_or_404(models.ReceiveConnector, pk=pk)
        connector = queries.receive(row)
        context = {
            "title": connector.name,
            "crumbs": [(_("Receive connectors"), reverse("connectors:receive-list"))],
            "tabs": tabs(row, ACTIVITY),
            "sentence": sentence(connector, queries.beside(connector.name)),
            "connector": connector,
            "row": row,
            "logged": connector.protocol_logging_level is ProtocolLoggingLevel.Verbose,
            "open": publishing.open_sessions()[connector.name],
            "problems": publishing.listening_problems().get(connector.name, []),
        }
        fragment = request.headers.get("HX-Target") == "activity"
        template = "connectors/activity_live.html" if fragment else "connectors/activity.html"
        return render(request, template, context)


def tabs(row: models.ReceiveConnector, current: str, has_errors: bool = False) -> list[Tab]:
    """The tabs of a connector, the current one marked."""
    return [
        Tab(
            tab.capitalize(),
            reverse("connectors:receive-properties", args=[row.pk, tab]),
            tab == current,
            tab == current and has_errors,
        )
        for tab in (*TABS, ACTIVITY)
    ]


def _seen(tab: str, connector: ReceiveConnector) -> dict[str, Any]:
    """What a client of the connector would see, as far as the tab is about it."""
    if tab == "scoping":
        return {"greeting": _greeting(connector)}
    if tab == "extensions":
        return {"ehlo": ehlo.answers(connector, settings.GATEPOST_NODE, not kerberos.why_not_offered())}
    if tab == "certificate":
        offers = AuthMechanism.Tls in connector.auth_mechanism
        return {"shown": certificates.row_shown_by(connector), "offers_tls": offers}
    return {}


def _greeting(connector: ReceiveConnector) -> str:
    for problem in rules.problems(connector, ()):
        if problem.field == "banner":
            return problem.message
    try:
        return greeting(connector, settings.GATEPOST_NODE, timezone.now().timestamp()).text
    except ValueError as error:
        return _("No greeting can be made of this: %s.") % error
