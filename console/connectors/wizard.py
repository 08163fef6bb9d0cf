"""New receive connector: Introduction, Local network settings, Remote network settings, Summary, Completion.

For Custom use the relay restrictions of Exchange 2003 may take the place of the remote network settings.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.commands.script import new_commands
from console.connectors import actions, models, queries
from console.connectors.draft import PAGES, Draft
from console.connectors.forms import FORMS
from console.connectors.relay_restrictions import remarks
from console.connectors.sentence import sentence
from console.connectors.summary import shown, tables
from console.connectors.warnings import warned
from console.connectors.wizard_forms import RestrictionsForm
from console.crud import Step, TypedConfirmation, put_errors
from console.crud.access import RoleRequired
from console.protection import queries as protection
from console.publishing import queries as publishing
from transport.config import rules

SUMMARY, COMPLETION = "summary", "completion"
TITLES = {
    "introduction": gettext_lazy("Introduction"),
    "local": gettext_lazy("Local network settings"),
    "remote": gettext_lazy("Remote network settings"),
    "restrictions": gettext_lazy("Relay restrictions"),
    SUMMARY: gettext_lazy("Summary"),
    COMPLETION: gettext_lazy("Completion"),
}
AT_FIELD = {"remote_ip_ranges": "computers"}
"""Where the relay restrictions show what concerns a setting that follows from them."""
SHOWN = 8  # ranges
MOST_DOMAINS = 10  # looked up at once


class SummaryForm(TypedConfirmation, forms.Form):
    """Nothing to enter, unless strangers could relay."""


class Wizard(RoleRequired):
    """One page of the wizard up to the summary."""

    writers = actions.WRITERS
    readers = actions.WRITERS

    def dispatch(self, request: HttpRequest, *args: Any, step: str = "introduction", **kwargs: Any) -> HttpResponseBase:
        if step not in {*PAGES, SUMMARY}:
            raise Http404
        self.step, self.draft = step, Draft(request.session)
        return super().dispatch(request, *args, **kwargs)

    @property
    def order(self) -> list[str]:
        return [*self.draft.pages, SUMMARY]

    def get(self, request: HttpRequest) -> HttpResponse:
        if request.GET.get("fresh"):
            self.draft.forget()
            return redirect("connectors:receive-wizard")
        if self.step not in self.order:
            return redirect("connectors:receive-wizard")
        if self.step == SUMMARY:
            return self.show_summary(SummaryForm())
        return self.show(PAGES[self.step](initial=self.draft.entries(self.step)))

    def post(self, request: HttpRequest) -> HttpResponse:
        if self.step not in self.order:
            return redirect("connectors:receive-wizard")
        back = request.POST.get("go") == "back"
        if self.step == SUMMARY:
            return self.to(-1) if back else self.create()
        form = PAGES[self.step](request.POST)
        if request.headers.get("HX-Target") == "preview" and self.step == "restrictions":
            return render(request, "connectors/restrictions_preview.html", self.previewed(form))
        if request.POST.get("go") == "look-up" and self.step == "restrictions":
            return self.look_up(form)
        self.draft.keep(self.step, request.POST)
        return self.to(-1) if back else self.to(1) if form.is_valid() and self.agrees(form) else self.show(form)

    def agrees(self, form: Any) -> bool:
        """What cannot stand alone or beside the other connectors is said at its field, not on the last page."""
        connector = self.draft.so_far(self.step, form)
        for problem in rules.problems(connector, queries.receive_connectors()):
            place = problem.field if problem.field in form.fields else AT_FIELD.get(problem.field)
            if place in form.fields:
                form.add_error(place, problem.message)
        return not form.errors

    def to(self, steps: int) -> HttpResponse:
        return redirect("connectors:receive-wizard-step", self.order[self.order.index(self.step) + steps])

    def look_up(self, form: RestrictionsForm) -> HttpResponse:
        """Puts what DNS knows of the domains in the list in their place, for the administrator to look at."""
        form.is_valid()
        hosts = protection.hosts_of(form.domains[:MOST_DOMAINS])
        found = [domain for domain, addresses in hosts.items() if addresses]
        self.draft.keep(self.step, self.request.POST.dict() | {"computers": form.in_place_of_domains(hosts)})
        for domain in found:
            messages.info(self.request, _("%s: check what was found, and add computers that only send mail.") % domain)
        for domain in hosts.keys() - set(found):
            messages.warning(self.request, _("DNS knows no address for %s. Write its computers by hand.") % domain)
        return redirect(self.request.path)

    def show(self, form: Any) -> HttpResponse:
        template, context = "connectors/wizard.html", {"form": form}
        if self.step == "restrictions":
            template = "connectors/wizard_restrictions.html"
            context |= self.previewed(form if form.is_bound else self.draft.form(self.step))
            context["form"] = form
        return self.render(template, context, 422 if form.errors else 200)

    def previewed(self, form: RestrictionsForm) -> dict[str, Any]:
        """What the relay restrictions become, once they can be understood."""
        if not form.is_valid():
            return {"domains": form.domains}
        connector = self.draft.so_far(self.step, form)
        beside, ranges = publishing.saved(), [str(each) for each in connector.remote_ip_ranges]
        return {
            "connector": connector,
            "ranges": ranges[:SHOWN],
            "more": max(0, len(ranges) - SHOWN),
            "lines": shown(connector, ["permission_groups", "auth_mechanism", "grants"]),
            "sentence": sentence(connector, beside),
            "remarks": remarks(form.wanted),
            **warned(connector, beside.accepted_domains),
        }

    def render(self, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        resumed = self.request.method == "GET" and bool(self.draft.entered)
        context |= {
            "title": _("New receive connector"),
            "crumbs": [(_("Receive connectors"), reverse("connectors:receive-list"))],
            "steps": steps([*self.order, COMPLETION], self.step),
            "is_first": self.step == self.order[0],
            "is_last": self.step == SUMMARY,
            "cancel_url": reverse("connectors:receive-list"),
            "fresh_url": reverse("connectors:receive-wizard") + "?fresh=1" if resumed else "",
        }
        return render(self.request, template, context, status=status)

    def show_summary(self, form: SummaryForm) -> HttpResponse:
        connector = self.draft.connector()
        if connector is None:
            return self.to_wrong_page()
        beside = publishing.saved()
        context = {
            "form": form,
            "sentence": sentence(connector, beside),
            "tables": tables(connector, list(FORMS)),
            "command": "\n".join(new_commands(connector, beside.accepted_domains)),
            "conflicts": rules.problems(connector, queries.receive_connectors()),
            **warned(connector, beside.accepted_domains),
            "remarks": remarks(self.draft.restrictions) if self.draft.restrictions else [],
        }
        return self.render("connectors/wizard_summary.html", context, 422 if form.errors else 200)

    def to_wrong_page(self) -> HttpResponse:
        self.step = self.draft.wrong_page()
        if self.step in self.draft.entered:
            return self.show(self.draft.form(self.step))
        return redirect("connectors:receive-wizard-step", self.step)

    def create(self) -> HttpResponse:
        connector, form = self.draft.connector(), SummaryForm(self.request.POST)
        if connector is None:
            return self.to_wrong_page()
        form.is_valid()
        try:
            row = actions.create(self.actor, connector, form.typed)
        except ValidationError as error:
            put_errors(form, error)
            return self.show_summary(form)
        self.draft.forget()
        return redirect("connectors:receive-wizard-completion", row.pk)


class Completion(RoleRequired):
    """What was done, the command that does the same, and where to go on."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = get_object_or_404(models.ReceiveConnector, pk=pk)
        connector = queries.receive(row)
        beside = publishing.saved()
        context = {
            "title": _("New receive connector"),
            "crumbs": [(_("Receive connectors"), reverse("connectors:receive-list"))],
            "steps": steps(["introduction", "local", "remote", SUMMARY, COMPLETION], COMPLETION),
            "row": row,
            "sentence": sentence(connector, beside),
            "command": "\n".join(new_commands(connector, beside.accepted_domains)),
            "state": publishing.in_force(),
            "problems": publishing.listening_problems().get(row.name, []),
        }
        return render(request, "connectors/wizard_completion.html", context)


def steps(order: list[str], current: str) -> list[Step]:
    """The steps beside the page; those that are done are links, until the connector is made."""
    found = []
    for step in order:
        state = "current" if step == current else "done" if order.index(step) < order.index(current) else "ahead"
        open_to = state == "done" and current != COMPLETION
        url = reverse("connectors:receive-wizard-step", args=[step]) if open_to else ""
        found.append(Step(TITLES[step], url, state))
    return found
