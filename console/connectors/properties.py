"""The property page of a Receive connector: one URL and one form for each tab."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from msgspec.structs import replace

from console.connectors import actions, models, queries
from console.connectors.forms import GeneralForm, ScopingForm, SecurityForm
from console.connectors.sentence import sentence
from console.connectors.warnings import warnings
from console.crud import Tab
from console.crud.access import RoleRequired
from console.publishing import queries as publishing
from transport.config.receive_connector import ReceiveConnector
from transport.receive.greeting import greeting

TABS = {"general": GeneralForm, "security": SecurityForm, "scoping": ScopingForm}
PREVIEWS = {"security": "connectors/rights.html", "scoping": "connectors/greeting.html"}


def first_tab(request: HttpRequest, pk: int) -> HttpResponse:
    """The page that lists link to."""
    return redirect("connectors:receive-properties", pk, "general")


class Properties(RoleRequired):
    """A tab. A POST whose target is the preview gets that part of the page for what is entered; nothing is saved."""

    writers = actions.WRITERS

    def dispatch(self, request: HttpRequest, *args: Any, pk: int, tab: str, **kwargs: Any) -> HttpResponse:
        if tab not in TABS:
            raise Http404
        self.tab, self.row = tab, get_object_or_404(models.ReceiveConnector, pk=pk)
        self.connector = queries.receive(self.row)
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
        return self.show(form)

    def saved(self, form: Any) -> bool:
        try:
            actions.update(self.actor, ReceiveConnector, self.row.pk, form.changes, form.seen_version, form.typed_name)
        except ValidationError as error:
            form.put(error)
            return False
        return True

    def show(self, form: Any) -> HttpResponse:
        name = self.connector.name
        context = {
            "title": name,
            "crumbs": [(_("Receive connectors"), reverse("connectors:receive-list"))],
            "tabs": [self.tab_of(tab, form) for tab in TABS],
            "sentence": sentence(self.connector),
            "problems": publishing.listening_problems().get(name, []),
            "cancel_url": reverse("connectors:receive-details", args=[self.row.pk]),
            "may_write": self.may_write,
            **self.previewed(form),
        }
        status = 422 if form.errors else 200
        return render(self.request, f"connectors/{self.tab}.html", context, status=status)

    def tab_of(self, tab: str, form: Any) -> Tab:
        url = reverse("connectors:receive-properties", args=[self.row.pk, tab])
        current = tab == self.tab
        return Tab(tab.capitalize(), url, current, current and bool(form.errors))

    def previewed(self, form: Any) -> dict[str, Any]:
        """What the entries amount to: the warnings, and the greeting as a client would see it."""
        entered = {name: form.cleaned_data[name] for name in form.shown if name in getattr(form, "cleaned_data", {})}
        if "grants" in form.fields and form.is_bound:
            entered["grants"] = form.cleaned_data["grants"]
        connector = replace(self.connector, **entered)
        return {
            "form": form,
            "entered": connector,
            "entered_sentence": sentence(connector),
            "warnings": warnings(connector, queries.accepted_domains()),
            "greeting": _greeting(connector),
        }


def _greeting(connector: ReceiveConnector) -> str:
    try:
        return greeting(connector, settings.GATEPOST_NODE, timezone.now().timestamp()).text
    except ValueError as error:
        return _("No greeting can be made of this: %s.") % error
