from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Page as PageOfRows
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console import clock
from console.actors import Role
from console.crud.access import RoleRequired
from console.crud.action_page import ActionPage
from console.crud.columns import NAME, TEXT, TIME, Column, Detail
from console.crud.counting import BoundedPaginator, WholePaginator
from console.crud.streaming import download
from console.crud.views import CrudView
from console.directory import actions, queries
from console.directory.forms import ImportForm, RecipientForm
from console.directory.models import Import, Recipient

WRITERS = frozenset({Role.RECIPIENT_MANAGEMENT})


class EveryRecipient(WholePaginator):
    """All that are listed."""

    @cached_property
    def count(self) -> int:
        return queries.how_many()


class DirectoryPages(CrudView):
    model = Recipient
    namespace = "directory"
    noun, plural = gettext_lazy("recipient"), gettext_lazy("recipients")
    purpose = gettext_lazy(
        "The addresses that exist. Mail for any other address of an authoritative domain is refused while the "
        "recipient filter blocks unlisted recipients."
    )
    first_step = gettext_lazy("Add the addresses that may receive mail, one by one or as a list.")
    is_tagged = True
    columns = [
        Column(gettext_lazy("Address"), "address", NAME, sort="address"),
        Column(gettext_lazy("Display name"), "display_name", TEXT, sort="display_name"),
        Column(gettext_lazy("Added"), "created_at", TIME, sort="created_at", minor=True),
    ]
    details = [
        Detail(gettext_lazy("Display name"), "display_name"),
        Detail(gettext_lazy("Added"), "created_at", TIME),
    ]
    search = ["search"]
    form_class = RecipientForm
    writers = WRITERS
    page_size = 100
    list_template = "directory/list.html"
    details_template = "directory/details.html"
    removal_warning = gettext_lazy("Mail for these addresses will be refused. Messages in their mailboxes stay.")

    def rows(self) -> Any:
        return queries.listed()

    def paginate(self, rows: Any) -> PageOfRows[Any]:
        self.paginator_class = BoundedPaginator if self.asks else EveryRecipient
        return super().paginate(rows)

    def find(self, pk: Any) -> Recipient:
        return get_object_or_404(queries.listed(), pk=super().find(pk).pk)

    def look_for(self, rows: Any, text: str) -> Any:
        return queries.found(rows, text)

    def save(self, form: RecipientForm) -> Recipient:
        if form.instance:
            return actions.rename(self.actor, form.instance, form.cleaned_data["display_name"])
        recipient = actions.add(self.actor, form.cleaned_data["address"], form.cleaned_data["display_name"])
        domain = recipient.address.rpartition("@")[2]
        if not queries.accepts()(domain):
            text = _("%s is no accepted domain: no mail for this address arrives until you add the domain.")
            messages.warning(self.request, text % domain)
        return recipient

    def remove(self, obj: Recipient) -> None:
        actions.remove(self.actor, obj)

    def list_context(self, selected: Any) -> dict[str, Any]:
        return super().list_context(selected) | {"unfinished": queries.unfinished().first()}


class ImportPage(ActionPage):
    """Hand in a list."""

    form_class, template_name = ImportForm, "directory/import.html"
    writers = WRITERS
    extra_context = {"title": gettext_lazy("Import recipients")}

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        here = reverse("directory:list")
        return super().get_context_data(cancel_url=here, crumbs=[(_("Recipients"), here)], **context)

    def submit(self, form: ImportForm) -> HttpResponse:
        return redirect("directory:import-progress", actions.start_import(self.actor, *form.source()).pk)


class ImportProgress(RoleRequired):
    """How far an import is; its outcome, once it has one."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        job = get_object_or_404(Import.objects.defer("content"), pk=pk)
        fragment = request.headers.get("HX-Target") == "import"
        template = "directory/import_state.html" if fragment else "directory/import_progress.html"
        return render(request, template, {"job": job, "crumbs": [(_("Recipients"), reverse("directory:list"))]})


class Export(RoleRequired):
    """The recipients that the list shows, as CSV."""

    def get(self, request: HttpRequest) -> StreamingHttpResponse:
        recipients = queries.found(queries.listed(), request.GET.get("q", ""))
        name = f"recipients-{clock.now():%Y%m%d-%H%M}.csv"
        return download(request, queries.exported(recipients), name, "text/csv; charset=utf-8")
