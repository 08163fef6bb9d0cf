"""The property page of a connector: one form over all tabs, each with a URL that opens the page there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from msgspec.structs import replace

from console.connectors import actions, queries
from console.connectors.proposals import proposed
from console.crud import Tab, put_errors
from console.crud import actions as tags
from console.crud.access import RoleRequired
from console.crud.forms import status_of
from console.crud.meanwhile import say_saved
from console.crud.said import said
from console.crud.tags import FIELD, ask_for_tags
from console.publishing.published import kind_of
from console.publishing.rows import struct_of
from transport.config import rules
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector

PANEL = "connectors/panel.html"
LONGEST = 256 * 1024
"""Characters of entries that are kept: the longest list of ranges fits."""


def slug(section: str) -> str:
    """A section in the URL of its tab: `address-space`."""
    return section.lower().replace(" ", "-")


def first_tab(prefix: str) -> Callable[[HttpRequest, int], HttpResponse]:
    """The page that lists link to."""
    return lambda request, pk: redirect(f"connectors:{prefix}properties", pk, "general")


@dataclass(frozen=True)
class Panel:
    """What stands on a tab."""

    slug: str
    label: str
    groups: list[Any]
    template: str
    current: bool


class Properties(RoleRequired):
    """All tabs of a connector. A POST whose target is the preview gets what the entries amount to; nothing is saved.

    `may_be_tried`: What-if may ask what would come of the entries. `panels`: section → the template of a tab that is
    more than its fields; `more`: pages that are tabs beside the form.
    """

    writers = actions.WRITERS
    shows_commands = keeps_entries = may_be_tried = True
    struct: type[ReceiveConnector] | type[SendConnector]
    model: Any
    prefix: str
    heading: str | Promise
    form_class: Any
    panels: Mapping[str, str] = {}
    more: Mapping[str, str | Promise] = {}

    def dispatch(self, request: HttpRequest, *args: Any, pk: int, tab: str, **kwargs: Any) -> HttpResponseBase:
        if tab not in labels(self.form_class.tabs()):
            raise Http404
        self.tab, self.row = tab, get_object_or_404(self.model, pk=pk)
        self.connector: Any = struct_of(self.row, self.struct)
        self.prepare()
        return super().dispatch(request, *args, **kwargs)

    def prepare(self) -> None:
        """What else the pages of this kind need to know."""

    @property
    def left(self) -> str:
        """Where the session keeps what was entered before another page of the connector was opened."""
        return f"left-{self.prefix}{self.row.pk}"

    def leave(self, page: str) -> HttpResponse:
        """To another page, with what was entered kept for who comes back."""
        entries = self.request.POST.copy()
        for name in ("leave", "csrfmiddlewaretoken"):
            entries.pop(name, None)
        if len(text := entries.urlencode()) <= LONGEST:
            self.request.session[self.left] = text
        return redirect(f"connectors:{self.prefix}properties", self.row.pk, page)

    def get(self, request: HttpRequest) -> HttpResponse:
        if (left := request.session.pop(self.left, None)) is not None and self.may_write:
            request.POST, self.looking = QueryDict(left), True
            messages.info(request, _("What you entered is here, and is not saved yet."))
            return self.post(request)
        form = self.make_form()
        if sent := proposed(form, request.GET):
            form = self.make_form(sent)
            form.is_valid()
            form.require_names(self.dangers(self.entered(form)), check=False)
        return self.show(form)

    def post(self, request: HttpRequest) -> HttpResponse:
        if (page := request.POST.get("leave", "")) in self.more:
            return self.leave(page)
        if request.POST.get("correct"):
            request.POST, self.looking = self.corrected(request.POST), True
        form = self.make_form(request.POST)
        valid = form.is_valid()
        if request.headers.get("HX-Target") == "preview":
            form.require_names(self.dangers(self.entered(form)), check=False)
            context = {"connector": self.connector, "may_write": self.may_write, **self.previewed(form)}
            return render(request, "connectors/preview_parts.html", context)
        if self.looking:
            form.require_names(self.dangers(self.entered(form)), check=False)
            return self.show(form)
        if valid and self.saved(form):
            say_saved(request, _("%s is saved.") % form.changes.get("name", self.connector.name), form)
            return redirect(request.path)
        if not valid:
            self.say_all(form)
        return self.show(form)

    def make_form(self, *data: Any) -> Any:
        form = self.form_class(*data, now=self.connector, row=self.row)
        ask_for_tags(form, self.row)
        return form

    def corrected(self, entries: Any) -> Any:
        """The entries with a line of them put right, as a remark beside them offers."""
        raise Http404

    def dangers(self, entered: Any) -> dict[str, str]:
        """The names that are to be typed before the entries can be saved, each with the reason."""
        return queries.dangers(self.connector, entered) if entered != self.connector else {}

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
            with transaction.atomic():
                actions.update(self.actor, self.struct, self.row.pk, form.changes, form.seen_version, form.typed)
                tags.set_tags(self.actor, self.writers, kind_of(self.struct).noun, self.row, form.cleaned_data[FIELD])
        except ValidationError as error:
            put_errors(form, error)
            return False
        return True

    def show(self, form: Any) -> HttpResponse:
        wrong = [slug(section) for section in self.form_class.tabs() if form.errors and form.wrong_on(section)]
        if wrong and self.tab not in wrong:
            self.tab = wrong[0]
        context = {
            "title": self.connector.name,
            "crumbs": [(self.heading, reverse(f"connectors:{self.prefix}list"))],
            "tabs": tabs(self, self.row, self.tab, wrong, here=True),
            "panels": [self.panel(form, section) for section in self.form_class.tabs()],
            "connector": self.connector,
            "cancel_url": reverse(f"connectors:{self.prefix}details", args=[self.row.pk]),
            "may_write": self.may_write,
            **self.previewed(form),
        }
        only_shown = self.looking or self.request.method == "GET"
        return render(
            self.request, "connectors/properties.html", context, status=200 if only_shown else status_of(form)
        )

    def panel(self, form: Any, section: str) -> Panel:
        place = slug(section)
        return Panel(place, said(section), form.on_tab(section), self.panels.get(section, PANEL), place == self.tab)

    def entered(self, form: Any) -> Any:
        """The connector with those of the entries that can be read."""
        read = getattr(form, "cleaned_data", {})
        return replace(self.connector, **{name: read[name] for name in [*form.shown, "grants"] if name in read})

    def previewed(self, form: Any) -> dict[str, Any]:
        """What the entries amount to."""
        raise NotImplementedError


def labels(sections: Iterable[str]) -> dict[str, str]:
    """The tab in the URL → what it is called."""
    return {slug(section): section for section in sections}


def tabs(
    page: type[Properties] | Properties, row: Any, current: str, wrong: Collection[str] = (), here: bool = False
) -> list[Tab]:
    """The tabs of a connector, the current one marked. `here`: the page has the form, and switches without leaving."""
    named = {**labels(page.form_class.tabs()), **page.more}
    urls = {tab: reverse(f"connectors:{page.prefix}properties", args=[row.pk, tab]) for tab in named}
    panels, leaving = (set(named) - set(page.more), page.more) if here else ((), ())
    return [
        Tab(
            said(str(label)),
            urls[tab],
            current=tab == current,
            has_errors=tab in wrong,
            panel=tab if tab in panels else "",
            leave=tab if tab in leaving else "",
        )
        for tab, label in named.items()
    ]
