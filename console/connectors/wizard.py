"""New connector, page by page: what both wizards have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from secrets import token_hex
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.actors import Actor
from console.commands.show_commands import without_commands
from console.connectors import actions, queries
from console.connectors.draft import FIRST, Draft
from console.connectors.proposals import CLIENT
from console.connectors.summary import tables
from console.crud import Step, TypedConfirmation, put_errors
from console.crud.access import RoleRequired
from console.crud.said import said
from console.publishing import queries as publishing
from console.publishing.rows import struct_of
from transport.config.receive_connector import ReceiveConnector
from transport.config.rules import Problem
from transport.config.send_connector import SendConnector

SUMMARY, COMPLETION = "summary", "completion"
LAST = {SUMMARY: _("Summary"), COMPLETION: _("Completion")}


def carried(request: HttpRequest) -> str:
    """The query string that goes from page to page: for which client the connector is to be."""
    client = request.GET.get(CLIENT, "")
    return f"?{urlencode({CLIENT: client})}" if client else ""


class SummaryForm(TypedConfirmation, forms.Form):
    """Nothing to enter, unless strangers could relay."""


class WizardPages(RoleRequired):
    """What every page of a wizard says. `prefix`: of the URLs' names; `titles`: page → what the step is called."""

    struct: type[ReceiveConnector] | type[SendConnector]
    prefix: str
    heading: str | Promise
    title: str | Promise
    titles: Mapping[str, str | Promise]

    def frame(self, order: list[str], step: str) -> dict[str, Any]:
        return {
            "title": self.title,
            "crumbs": [(self.heading, self.url("list"))],
            "steps": [self.step_of(each, order, step) for each in order],
        }

    def step_of(self, step: str, order: list[str], current: str) -> Step:
        """A step beside the page; those that are done are links, until the connector is made."""
        state = "current" if step == current else "done" if order.index(step) < order.index(current) else "ahead"
        open_to = state == "done" and current != COMPLETION
        return Step(said(str({**self.titles, **LAST}[step])), self.step_url(step) if open_to else "", state)

    def url(self, page: str, *args: Any) -> str:
        return reverse(f"connectors:{self.prefix}{page}", args=args)

    def step_url(self, step: str) -> str:
        """Where a page that is done can be looked at again; empty where it cannot."""
        return ""

    def told(self, connector: Any) -> dict[str, Any]:
        """`sentence` and `command` of a connector."""
        raise NotImplementedError


class Begin(WizardPages):
    """Where a new connector begins: at once, or with the question which draft to go on with."""

    writers = actions.WRITERS
    readers = actions.WRITERS
    draft_class: type[Draft[Any]]

    def get(self, request: HttpRequest) -> HttpResponse:
        drafts = [self.told_of(each) for each in queries.drafts(self.actor, self.draft_class.kind)]
        anew = self.url("wizard-step", token_hex(4), FIRST) + carried(request)
        if not drafts or carried(request):
            return redirect(anew)
        context = {"title": self.title, "crumbs": [(self.heading, self.url("list"))], "drafts": drafts, "anew": anew}
        return render(request, "connectors/drafts.html", context)

    def told_of(self, row: Any) -> tuple[str, str, Any]:
        """(name, where it goes on, when it was changed)."""
        draft = self.draft_class(row.entered)
        page = next((each for each in draft.pages if each not in draft.entered), SUMMARY)
        return draft.name, self.url("wizard-step", row.key, page), row.changed_at


class Wizard(WizardPages):
    """One page of a wizard up to the summary. `tabs`: the tables of the summary; `at_field`: where a page shows what
    concerns a setting that it has no field for.
    """

    writers = actions.WRITERS
    readers = actions.WRITERS
    draft_class: type[Draft[Any]]
    tabs: Iterable[str]
    at_field: Mapping[str, str] = {}
    summary_template = "connectors/wizard_summary.html"
    keeps_entries = may_be_tried = True

    def dispatch(self, request: HttpRequest, *args: Any, draft: str, step: str, **kwargs: Any) -> HttpResponseBase:
        entered = queries.draft_entered(Actor.of(request.user), self.draft_class.kind, draft)
        self.key, self.step, self.draft = draft, step, self.draft_class(entered)
        if step not in {*self.draft.forms, SUMMARY}:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    @property
    def order(self) -> list[str]:
        return [*self.draft.pages, SUMMARY]

    def get(self, request: HttpRequest) -> HttpResponse:
        if self.step not in self.order:
            return redirect(self.step_url(FIRST))
        if self.step == SUMMARY:
            return self.show_summary(SummaryForm(), 200)
        proposed = {} if self.step in self.draft.entered else self.proposed()
        return self.show(self.draft.make(self.step, initial=self.draft.entries(self.step) | proposed | self.brought()))

    def post(self, request: HttpRequest) -> HttpResponse:
        if self.looking:
            return self.look()
        if request.POST.get("go") == "cancel":
            return self.cancel()
        if self.step not in self.order:
            return redirect(self.step_url(FIRST))
        back = request.POST.get("go") == "back"
        if self.step == SUMMARY:
            return self.to(-1) if back else self.create()
        form = self.draft.make(self.step, request.POST)
        answer = self.answered(form)
        if answer is not None:
            return answer
        self.keep(request.POST)
        return self.to(-1) if back else self.to(1) if form.is_valid() and self.agrees(form) else self.show(form)

    def look(self) -> HttpResponse:
        """What was entered when the session ended."""
        if self.step not in self.order or self.step == SUMMARY:
            return redirect(self.request.path)
        self.keep(self.request.POST)
        return self.show(self.draft.make(self.step, initial=self.draft.entries(self.step)))

    def keep(self, entries: Mapping[str, str]) -> None:
        self.draft.keep(self.step, entries)
        actions.keep_draft(self.actor, self.draft.kind, self.key, self.draft.entered)

    def cancel(self) -> HttpResponse:
        """Who only leaves finds the draft again; who cancels does not."""
        actions.forget_draft(self.actor, self.draft.kind, self.key)
        return redirect(self.url("list"))

    def step_url(self, step: str) -> str:
        return self.url("wizard-step", self.key, step) + carried(self.request)

    def proposed(self) -> dict[str, str]:
        """What the page that led here proposes for this one."""
        return {}

    def brought(self) -> dict[str, str]:
        """What was made elsewhere for this page."""
        return {}

    def answered(self, form: Any) -> HttpResponse | None:
        """What a page of its own kind answers before anything is kept."""
        return None

    def agrees(self, form: Any) -> bool:
        """What cannot stand alone or beside the other connectors is said at its field, not on the last page."""
        for problem in self.problems(self.draft.so_far(self.step, form)):
            place = problem.field if problem.field in form.fields else self.at_field.get(problem.field)
            if place in form.fields:
                form.add_error(place, problem.message)
        return not form.errors

    def problems(self, connector: Any) -> list[Problem]:
        """What keeps a connector from standing beside those that are there."""
        raise NotImplementedError

    def to(self, steps: int) -> HttpResponse:
        return redirect(self.step_url(self.order[self.order.index(self.step) + steps]))

    def show(self, form: Any) -> HttpResponse:
        return self.render("connectors/wizard.html", {"form": form}, 422 if form.errors else 200)

    def render(self, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        context |= self.frame([*self.order, COMPLETION], self.step)
        context |= {
            "is_first": self.step == self.order[0],
            "is_last": self.step == SUMMARY,
        }
        return render(self.request, template, context, status=status)

    def show_summary(self, form: SummaryForm, status: int) -> HttpResponse:
        """What must be confirmed is asked for at once, not after the first attempt."""
        connector = self.draft.connector()
        if connector is None:
            return self.to_wrong_page()
        if not form.is_bound:
            form.require_names(queries.dangers(None, connector), check=False)
        context = {
            "form": form,
            "tables": tables(connector, list(self.tabs)),
            "conflicts": self.problems(connector),
            **self.told(connector),
            **self.warned(connector),
        }
        return self.render(self.summary_template, context, status)

    def warned(self, connector: Any) -> dict[str, Any]:
        """`warnings`, and what else the summary says of the connector."""
        raise NotImplementedError

    def to_wrong_page(self) -> HttpResponse:
        self.step = self.draft.wrong_page()
        if self.step in self.draft.entered:
            return self.show(self.draft.form(self.step))
        return redirect(self.step_url(self.step))

    def create(self) -> HttpResponse:
        connector, form = self.draft.connector(), SummaryForm(self.request.POST)
        if connector is None:
            return self.to_wrong_page()
        form.is_valid()
        try:
            row = actions.create(self.actor, connector, form.typed)
        except ValidationError as error:
            put_errors(form, error)
            return self.show_summary(form, 422)
        actions.forget_draft(self.actor, self.draft.kind, self.key)
        return redirect(self.url("wizard-completion", row.pk))


class Completion(WizardPages):
    """What was done, the command that does the same, and where to go on."""

    model: Any

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = get_object_or_404(self.model, pk=pk)
        without_commands(request)
        connector = struct_of(row, self.struct)
        context = {
            **self.frame([*self.pages(connector), SUMMARY, COMPLETION], COMPLETION),
            "row": row,
            "state": publishing.in_force(),
            "edit_url": self.url("edit", pk),
            "details_url": self.url("details", pk),
            "new_url": self.url("wizard"),
            **self.told(connector),
        }
        return render(request, "connectors/wizard_completion.html", context)

    def pages(self, connector: Any) -> list[str]:
        """The pages that lie behind."""
        raise NotImplementedError
