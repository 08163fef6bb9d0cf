"""Import from Exchange: hand in exports, look at what becomes of them, apply."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from console.crud import Confirmation, put_errors
from console.crud.access import RoleRequired
from console.crud.action_page import ActionPage
from console.crud.forms import status_of
from console.moving_in import actions, queries
from console.moving_in.forms import HandInForm
from console.moving_in.models import ImportDraft
from console.moving_in.objects import ReadError
from console.moving_in.plan import Choice, Step
from console.moving_in.report import Translated, Verdict

MOST_SHOWN = 200
EXPORTS = {
    "Get-ReceiveConnector": "receive-connectors.xml",
    "Get-ReceiveConnector | Get-ADPermission": "permissions.xml",
    "Get-SendConnector": "send-connectors.xml",
    "Get-AcceptedDomain": "accepted-domains.xml",
    "Get-IPBlockListEntry": "block-list.xml",
    "Get-TransportConfig": "transport-config.xml",
}
COMMANDS = "\n".join(f"{cmdlet} | Export-Clixml {file}" for cmdlet, file in EXPORTS.items())


class ImportView(RoleRequired):
    """Pages for administrators only."""

    readers = writers = actions.WRITERS

    @property
    def crumbs(self) -> list[tuple[str, str]]:
        return [(_("Import from Exchange"), reverse("moving_in:hand-in"))]


class HandIn(ImportView, ActionPage):
    """Files or a pasted text. Who has handed in something already comes to what becomes of it, unless for more."""

    form_class, template_name = HandInForm, "moving_in/hand_in.html"
    extra_context = {"commands": COMMANDS}

    def get(self, request: HttpRequest) -> HttpResponse:
        if queries.draft(self.actor) and "more" not in request.GET:
            return redirect("moving_in:preview")
        return super().get(request)

    def submit(self, form: HandInForm) -> HttpResponse:
        try:
            actions.hand_in(self.actor, form.sources())
        except ReadError as error:
            raise ValidationError({"files" if form.cleaned_data["files"] else "text": str(error)}) from None
        return redirect("moving_in:preview")

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        draft = queries.draft(self.actor)
        context |= {"title": _("Hand in another export") if draft else _("Import from Exchange"), "draft": draft}
        context |= {"cancel_url": reverse("moving_in:preview" if draft else "overview:home")}
        return super().get_context_data(crumbs=self.crumbs if draft else [], **context)


class Preview(ImportView):
    """What becomes of each object, the choices, who could relay afterwards; `go` says what a POST is for."""

    def get(self, request: HttpRequest) -> HttpResponse:
        draft = queries.draft(self.actor)
        return self.show(draft, Confirmation()) if draft else redirect("moving_in:hand-in")

    def post(self, request: HttpRequest) -> HttpResponse:
        draft = queries.draft(self.actor)
        if draft is None:
            messages.warning(request, _("This import was applied or discarded meanwhile."))
            return redirect("moving_in:hand-in")
        if request.POST.get("go") == "discard":
            actions.discard(self.actor)
            messages.success(request, _("The import is discarded. Nothing was changed."))
            return redirect("moving_in:hand-in")
        actions.choose(self.actor, draft, chosen(request))
        return self.apply(draft) if request.POST.get("go") == "apply" else redirect("moving_in:preview")

    def apply(self, draft: ImportDraft) -> HttpResponse:
        form = Confirmation(self.request.POST)
        form.is_valid()
        _found, steps = queries.report(draft)
        try:
            revision = actions.apply(self.actor, steps, _("Import from Exchange: %s") % draft, form.typed)
        except ValidationError as error:
            put_errors(form, error)
            return self.show(draft, form)
        if revision is None:
            messages.info(self.request, _("Nothing is to be imported: everything is skipped, or here already."))
            return redirect("moving_in:preview")
        actions.discard(self.actor)
        count = sum(step.wanted for step in steps)
        text = _("Imported as revision %(number)d: %(count)d objects.") % {"number": revision.number, "count": count}
        messages.success(self.request, text)
        return redirect("publishing:details", revision.number)

    def show(self, draft: ImportDraft, form: Confirmation) -> HttpResponse:
        found, steps = queries.report(draft)
        rehearsed = actions.rehearse(self.actor, steps)
        if not form.is_bound:
            form.require_names(rehearsed.dangers, check=False)
        by_object = {id(step.found): step for step in steps}
        shown = [Shown(str(place), each, by_object.get(id(each))) for place, each in enumerate(found)]
        context = {
            "title": _("Import from Exchange"),
            "draft": draft,
            "form": form,
            "objects": sorted(shown, key=lambda each: not each.needs_a_look)[:MOST_SHOWN],
            "not_shown": max(0, len(shown) - MOST_SHOWN),
            "wanted": sum(step.wanted for step in steps),
            "problems": rehearsed.problems if not form.errors else [],
            "rehearsed": rehearsed,
        }
        status = status_of(form) if form.is_bound else 200
        return render(self.request, "moving_in/preview.html", context, status=status)


class ObjectReport(ImportView):
    """Every property of one object."""

    def get(self, request: HttpRequest, place: int) -> HttpResponse:
        draft = queries.draft(self.actor)
        found, steps = queries.report(draft) if draft else ([], [])
        if place >= len(found):
            raise Http404
        step = next((each for each in steps if each.found is found[place]), None)
        shown = Shown(str(place), found[place], step)
        context = {"title": shown.found.name or shown.found.source, "object": shown, "crumbs": self.crumbs}
        return render(request, "moving_in/object.html", context)


class Shown:
    """One object for the templates."""

    def __init__(self, place: str, found: Translated, step: Step | None):
        self.place, self.found, self.step = place, found, step
        self.applied = found.count(Verdict.APPLIED)
        self.approximated = found.count(Verdict.APPROXIMATED)
        self.not_enforced = found.count(Verdict.NOT_ENFORCED)

    @property
    def different(self) -> list[Any]:
        """The properties that are not simply applied."""
        return [line for line in self.found.lines if line.verdict is not Verdict.APPLIED]

    @property
    def needs_a_look(self) -> bool:
        return bool(self.found.problem or (self.step and self.step.conflicts))

    @property
    def is_open(self) -> bool:
        return self.needs_a_look or (bool(self.different) and self.step is not None and self.step.wanted)

    @property
    def offers(self) -> list[tuple[str, str, bool]]:
        """(value, label, chosen) of the choices."""
        if self.step is None:
            return []
        replaced = ", ".join(f"“{getattr(each, 'name', '')}”" for each in self.step.replaces)
        labels = {
            Choice.IMPORT: _("Import"),
            Choice.SKIP: _("Leave out"),
            Choice.REPLACE: _("Replace %s") % replaced,
            Choice.RENAME: _("Import under another name"),
        }
        order = [choice for choice in Choice if choice in self.step.offers]
        return [(choice.value, labels[choice], choice is self.step.choice) for choice in order]

    @property
    def offers_a_name(self) -> bool:
        return self.step is not None and Choice.RENAME in self.step.offers


def chosen(request: HttpRequest) -> dict[str, tuple[str, str]]:
    """What was entered for each object: place in the report → (choice, other name)."""
    found = {}
    for field, value in request.POST.items():
        kind, _dash, place = field.partition("-")
        if kind == "choice" and place.isdecimal():
            found[place] = (str(value), str(request.POST.get(f"name-{place}", ""))[:256])
    return found
