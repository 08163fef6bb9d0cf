"""The pages that make, take and give certificates: new, import, request and its answer, downloads, PFX."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.certificates import actions, queries, reading
from console.certificates.forms import BY_ACME, INTERNAL, SELF_SIGNED, AnswerForm, ExportForm, ImportForm, NewForm
from console.certificates.models import Certificate, Request
from console.crud.access import RoleRequired
from console.crud.action_page import ActionPage
from console.crud.streaming import small_file

PEM, PFX = "application/x-pem-file", "application/x-pkcs12"


class FormPage(ActionPage):
    """A form of its own."""

    writers = actions.WRITERS
    template_name = "certificates/form.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        here = reverse("certificates:list")
        return super().get_context_data(cancel_url=here, crumbs=[(_("Certificates"), here)], **context)

    def done(self, row: Certificate, text: str) -> HttpResponse:
        messages.success(self.request, text % row.name)
        return redirect("certificates:details", row.pk)


class NewPage(FormPage):
    """A certificate issued here, or a request for an authority outside."""

    form_class = NewForm
    extra_context = {"title": gettext_lazy("New certificate"), "submit": gettext_lazy("Make it")}

    def submit(self, form: NewForm) -> HttpResponse:
        given = form.cleaned_data
        wanted = (self.actor, given["name"].strip(), given["names"], given["key"])
        if given["issuer"] == BY_ACME:
            wanted_there = {"name": given["name"].strip(), "names": "\n".join(given["names"]), "key_type": given["key"]}
            return redirect(f"{reverse('acme:new')}?{urlencode(wanted_there)}")
        if given["issuer"] == SELF_SIGNED:
            return self.done(actions.make_self_signed(*wanted), _("%s is made."))
        if given["issuer"] == INTERNAL:
            return self.done(actions.issue(*wanted), _("%s is issued."))
        return redirect("certificates:request", actions.make_request(*wanted).pk)


class ImportPage(FormPage):
    """PFX or PEM from outside."""

    form_class = ImportForm
    extra_context = {"title": gettext_lazy("Import certificate"), "submit": gettext_lazy("Import")}

    def get_initial(self) -> dict[str, Any]:
        renewed = self.request.GET.get("replaces", "")
        return {"replaces": renewed if renewed.isascii() and renewed.isdigit() else None}

    def submit(self, form: ImportForm) -> HttpResponse:
        given = form.cleaned_data
        held = given["replaces"]
        if reading.without_key(given["file"]) and not given["key_file"] and queries.requests():
            return self.done(actions.answer_any(self.actor, given["file"]), _("%s is loaded."))
        row = actions.load(
            self.actor,
            given["name"].strip(),
            given["file"],
            given["key_file"],
            given["password"],
            held.pk if held else None,
        )
        return self.done(row, _("%s is imported."))


class RequestPage(FormPage):
    """A request that waits: its text, and where its answer goes."""

    form_class = AnswerForm
    template_name = "certificates/request.html"
    extra_context = {"submit": gettext_lazy("Load the answer")}

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        asked = get_object_or_404(Request, pk=self.kwargs["pk"])
        return super().get_context_data(title=_("Request %s") % asked.name, asked=asked, **context)

    def submit(self, form: AnswerForm) -> HttpResponse:
        return self.done(actions.answer(self.actor, self.kwargs["pk"], form.cleaned_data["file"]), _("%s is loaded."))


class RequestFile(RoleRequired):
    """The request, to send to the authority."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked = get_object_or_404(Request, pk=pk)
        return small_file(asked.request, f"{slugify(asked.name) or 'request'}.csr", PEM)


class RequestRemoval(RoleRequired):
    """Forgets a request."""

    writers = actions.WRITERS
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        actions.drop_request(self.actor, pk)
        messages.success(request, _("The request is removed."))
        return redirect("certificates:list")


class AuthorityFile(RoleRequired):
    """The internal authority's certificate, for clients that shall trust it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        held = queries.authority()
        if held is None:
            return redirect("certificates:list")
        return small_file(held.certificate, "gatepost-ca.crt", PEM)


class ChainFile(RoleRequired):
    """A certificate with its chain; never its key."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = get_object_or_404(Certificate, pk=pk)
        return small_file(row.chain, f"{slugify(row.name) or 'certificate'}.pem", PEM)


class ExportPage(FormPage):
    """A certificate with its key, as PFX under a password."""

    form_class = ExportForm
    extra_context = {"submit": gettext_lazy("Download PFX")}

    @cached_property
    def row(self) -> Certificate:
        return get_object_or_404(Certificate, pk=self.kwargs["pk"])

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(title=_("Export %s with its private key") % self.row.name, **context)

    def submit(self, form: ExportForm) -> HttpResponse:
        content = actions.export(self.actor, self.row.pk, form.cleaned_data["password"])
        return small_file(content, f"{slugify(self.row.name) or 'certificate'}.pfx", PFX)
