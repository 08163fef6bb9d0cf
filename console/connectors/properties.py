"""The property pages of connectors: one URL and one form for each tab."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from msgspec.structs import replace

from console.connectors import actions
from console.connectors.proposals import proposed
from console.crud import Tab
from console.crud.access import RoleRequired
from console.publishing.rows import struct_of
from transport.config import rules
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector


def slug(section: str) -> str:
    """A section in the URL of its tab: `address-space`."""
    return section.lower().replace(" ", "-")


def first_tab(prefix: str) -> Callable[[HttpRequest, int], HttpResponse]:
    """The page that lists link to."""
    return lambda request, pk: redirect(f"connectors:{prefix}properties", pk, "general")


class Properties(RoleRequired):
    """A tab of a connector. A POST whose target is the preview gets that part of the page for what is entered; nothing
    is saved. `forms`: the tab in the URL → its form; `previews`: that tab → the template of its preview.
    """

    writers = actions.WRITERS
    shows_commands = True
    struct: type[ReceiveConnector] | type[SendConnector]
    model: Any
    prefix: str
    heading: str | Promise
    forms: Mapping[str, Any]
    previews: Mapping[str, str]

    def dispatch(self, request: HttpRequest, *args: Any, pk: int, tab: str, **kwargs: Any) -> HttpResponseBase:
        if tab not in self.forms:
            raise Http404
        self.tab, self.row = tab, get_object_or_404(self.model, pk=pk)
        self.connector: Any = struct_of(self.row, self.struct)
        self.prepare()
        return super().dispatch(request, *args, **kwargs)

    def prepare(self) -> None:
        """What else the pages of this kind need to know."""

    def get(self, request: HttpRequest) -> HttpResponse:
        form = self.forms[self.tab](now=self.connector, row=self.row)
        if sent := proposed(form, request.GET):
            form = self.forms[self.tab](sent, now=self.connector, row=self.row)
            form.is_valid()
        return self.show(form)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.forms[self.tab](request.POST, now=self.connector, row=self.row)
        valid = form.is_valid()
        if request.headers.get("HX-Target") == "preview" and self.tab in self.previews:
            return render(request, self.previews[self.tab], self.previewed(form))
        if valid and self.saved(form):
            messages.success(request, _("%s is saved.") % form.changes.get("name", self.connector.name))
            return redirect(request.path)
        if not valid:
            self.say_all(form)
        return self.show(form)

    def say_all(self, form: Any) -> None:
        """What the rules have against the entries that could be read is said at once, beside those that could not."""
        for problem in self.rules(self.entered(form)):
            if problem.field in form.cleaned_data:
                form.add_error(problem.field, problem.message)

    def rules(self, connector: Any) -> list[rules.Problem]:
        """What keeps a connector from standing, alone."""
        raise NotImplementedError

    def saved(self, form: Any) -> bool:
        try:
            actions.update(self.actor, self.struct, self.row.pk, form.changes, form.seen_version, form.typed)
        except ValidationError as error:
            form.put(error)
            return False
        return True

    def show(self, form: Any) -> HttpResponse:
        context = {
            "title": self.connector.name,
            "crumbs": [(self.heading, reverse(f"connectors:{self.prefix}list"))],
            "tabs": self.tabs(bool(form.errors)),
            "tab": self.tab,
            "connector": self.connector,
            "cancel_url": reverse(f"connectors:{self.prefix}details", args=[self.row.pk]),
            "may_write": self.may_write,
            **self.previewed(form),
        }
        return render(self.request, self.templates(), context, status=422 if form.errors else 200)

    def tabs(self, has_errors: bool) -> list[Tab]:
        raise NotImplementedError

    def templates(self) -> list[str]:
        raise NotImplementedError

    def entered(self, form: Any) -> Any:
        """The connector with those of the entries that can be read."""
        read = getattr(form, "cleaned_data", {})
        return replace(self.connector, **{name: read[name] for name in [*form.shown, "grants"] if name in read})

    def previewed(self, form: Any) -> dict[str, Any]:
        """What the entries amount to."""
        raise NotImplementedError


def labels(forms: Iterable[str]) -> dict[str, str]:
    """The tab in the URL → what it is called."""
    return {slug(section): section for section in forms}


def tabs(prefix: str, row: Any, named: Mapping[str, str], current: str, has_errors: bool) -> list[Tab]:
    """The tabs of a connector, the current one marked."""
    return [
        Tab(
            label,
            reverse(f"connectors:{prefix}properties", args=[row.pk, tab]),
            tab == current,
            tab == current and has_errors,
        )
        for tab, label in named.items()
    ]
