"""New receive connector: Introduction, Local network settings, Remote network settings, Summary, Completion.

The draft lies in the session as it was typed, right or wrong, so that neither Back nor a reload loses an entry.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from msgspec.structs import replace

from console.connectors import actions, models, queries
from console.connectors.forms import FORMS, IntroductionForm, LocalForm, RemoteForm
from console.connectors.sentence import sentence
from console.connectors.warnings import warnings
from console.crud import Step, TypedConfirmation
from console.crud.access import RoleRequired
from console.management_shell.script import new_commands
from console.publishing import queries as publishing
from console.publishing.fields import written
from console.publishing.relay_guard import RelayNotConfirmed
from console.publishing.rows import properties
from transport.config import rules
from transport.config.receive_connector import ReceiveConnector, Usage
from transport.config.setting import settings

DRAFT = "new-receive-connector"
PAGES = {"introduction": IntroductionForm, "local": LocalForm, "remote": RemoteForm}
TITLES = {
    "introduction": gettext_lazy("Introduction"),
    "local": gettext_lazy("Local network settings"),
    "remote": gettext_lazy("Remote network settings"),
    "summary": gettext_lazy("Summary"),
    "completion": gettext_lazy("Completion"),
}
ORDER = list(TITLES)


class SummaryForm(TypedConfirmation, forms.Form):
    """Nothing to enter, unless strangers could relay."""


class Wizard(RoleRequired):
    """One page of the wizard up to the summary."""

    writers = actions.WRITERS
    readers = actions.WRITERS

    def dispatch(self, request: HttpRequest, *args: Any, step: str = "introduction", **kwargs: Any) -> HttpResponse:
        if step not in ORDER[:-1]:
            raise Http404
        self.step = step
        return super().dispatch(request, *args, **kwargs)

    @property
    def draft(self) -> dict[str, dict[str, str]]:
        return self.request.session.get(DRAFT, {})

    def get(self, request: HttpRequest) -> HttpResponse:
        if request.GET.get("fresh"):
            request.session.pop(DRAFT, None)
            return redirect("connectors:receive-wizard")
        if self.step == "summary":
            return self.show_summary(SummaryForm())
        return self.show(PAGES[self.step](initial=self.entries(self.step)))

    def post(self, request: HttpRequest) -> HttpResponse:
        back = request.POST.get("go") == "back"
        if self.step == "summary":
            return self.to(-1) if back else self.create()
        self.keep(request.POST)
        form = PAGES[self.step](request.POST)
        return self.to(-1) if back else self.to(1) if form.is_valid() and self.agrees(form) else self.show(form)

    def agrees(self, form: Any) -> bool:
        """What cannot stand alone or beside the other connectors is said at its field, not on the last page."""
        values = {field: value for each in self.forms_so_far(form) for field, value in each.changes.items()}
        connector = replace(rules.preset(self.usage, ""), **values)
        for problem in rules.problems(connector, queries.receive_connectors()):
            if problem.field in form.fields:
                form.add_error(problem.field, problem.message)
        return not form.errors

    def forms_so_far(self, form: Any) -> list[Any]:
        """The valid forms of the pages before this one, and this one."""
        before = [PAGES[step](self.entries(step)) for step in ORDER[: ORDER.index(self.step)]]
        return [*(each for each in before if each.is_valid()), form]

    def to(self, steps: int) -> HttpResponse:
        return redirect("connectors:receive-wizard-step", ORDER[ORDER.index(self.step) + steps])

    def keep(self, data: QueryDict) -> None:
        """Notes what was typed. Another intended use brings new presets, unless they had been changed by hand."""
        draft, before = self.draft, self.usage
        entered = {name: data.get(name, "") for name in PAGES[self.step]().fields if name != "version"}
        draft = draft | {self.step: entered}
        if self.step == "introduction" and entered.get("usage") != before.value:
            draft = {step: kept for step, kept in draft.items() if kept != presets(step, before)}
        self.request.session[DRAFT] = draft

    @property
    def usage(self) -> Usage:
        chosen = self.draft.get("introduction", {}).get("usage", "")
        return Usage(chosen) if chosen in {usage.value for usage in Usage} else Usage.Custom

    def entries(self, step: str) -> dict[str, str]:
        return self.draft.get(step) or presets(step, self.usage)

    @property
    def resumed(self) -> bool:
        """Whether the reader comes to entries made before."""
        return self.request.method == "GET" and bool(self.draft)

    def show(self, form: Any) -> HttpResponse:
        return self.render("connectors/wizard.html", {"form": form}, 422 if form.errors else 200)

    def render(self, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        context |= {
            "title": _("New receive connector"),
            "crumbs": [(_("Receive connectors"), reverse("connectors:receive-list"))],
            "steps": steps(self.step),
            "is_first": self.step == ORDER[0],
            "is_last": self.step == "summary",
            "cancel_url": reverse("connectors:receive-list"),
            "fresh_url": reverse("connectors:receive-wizard") + "?fresh=1" if self.resumed else "",
        }
        return render(self.request, template, context, status=status)

    def connector(self) -> ReceiveConnector | None:
        """What the draft makes, or None while a page of it is wrong."""
        values: dict[str, Any] = {}
        for step, form_class in PAGES.items():
            form = form_class(self.entries(step))
            if not form.is_valid():
                return None
            values |= form.changes
        return replace(
            rules.preset(values["usage"], values["name"].strip()), **values | {"name": values["name"].strip()}
        )

    def show_summary(self, form: SummaryForm) -> HttpResponse:
        connector = self.connector()
        if connector is None:
            return self.to_first_wrong_page()
        context = {
            "form": form,
            "sentence": sentence(connector),
            "tables": tables(connector),
            "command": "\n".join(new_commands(connector)),
            "conflicts": rules.problems(connector, queries.receive_connectors()),
            "warnings": warnings(connector, queries.accepted_domains()),
        }
        return self.render("connectors/wizard_summary.html", context, 422 if form.errors else 200)

    def to_first_wrong_page(self) -> HttpResponse:
        for step, form_class in PAGES.items():
            form = form_class(self.entries(step))
            if not form.is_valid():
                self.step = step
                return self.show(form) if step in self.draft else redirect("connectors:receive-wizard-step", step)
        return redirect("connectors:receive-wizard")

    def create(self) -> HttpResponse:
        connector, form = self.connector(), SummaryForm(self.request.POST)
        if connector is None:
            return self.to_first_wrong_page()
        form.is_valid()
        try:
            row = actions.create(self.actor, connector, self.request.POST.get("confirmation", "").strip())
        except RelayNotConfirmed as error:
            form.require_name(*next(iter(error.dangers.items())))
            return self.show_summary(form)
        except ValidationError as error:
            form.add_error(None, [text for texts in error.message_dict.values() for text in texts])
            return self.show_summary(form)
        self.request.session.pop(DRAFT, None)
        return redirect("connectors:receive-wizard-completion", row.pk)


class Completion(RoleRequired):
    """What was done, the command that does the same, and where to go on."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = get_object_or_404(models.ReceiveConnector, pk=pk)
        connector = queries.receive(row)
        context = {
            "title": _("New receive connector"),
            "crumbs": [(_("Receive connectors"), reverse("connectors:receive-list"))],
            "steps": steps("completion"),
            "row": row,
            "sentence": sentence(connector),
            "command": "\n".join(new_commands(connector)),
            "state": publishing.in_force(),
            "problems": publishing.listening_problems().get(row.name, []),
        }
        return render(request, "connectors/wizard_completion.html", context)


def steps(current: str) -> list[Step]:
    """The steps beside the page; those that are done are links, until the connector is made."""
    found = []
    for step, title in TITLES.items():
        state = "current" if step == current else "done" if ORDER.index(step) < ORDER.index(current) else "ahead"
        open_to = state == "done" and current != "completion"
        found.append(Step(title, reverse("connectors:receive-wizard-step", args=[step]) if open_to else "", state))
    return found


def presets(step: str, usage: Usage) -> dict[str, str]:
    """What a page shows before anything was typed, as text."""
    connector, table = rules.preset(usage, ""), settings(ReceiveConnector)
    names = [name for name in PAGES[step]().fields if name != "version"]
    return {name: written(table[name], getattr(connector, name)) for name in names}


def tables(connector: ReceiveConnector) -> list[tuple[str, list[tuple[str, str]]]]:
    """(tab, [(label, value)]) for every setting that is obeyed."""
    shown = {name: "" if value == "{}" else value for name, value in properties(connector).items()}
    table = [each for each in settings(ReceiveConnector).values() if not each.not_enforced]
    return [
        (section, [(each.label, shown[each.name]) for each in table if each.section == section]) for section in FORMS
    ]
