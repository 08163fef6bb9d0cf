"""The pages that make, take and give certificates: new, import, request and its answer, downloads, PFX."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext as _

from console.actors import Role
from console.certificates import actions, queries, reading
from console.certificates.forms import INTERNAL, SELF_SIGNED, AnswerForm, ExportForm, ImportForm, NewForm
from console.certificates.models import Certificate, Request
from console.crud import put_errors
from console.crud.access import RoleRequired

PEM, PFX = "application/x-pem-file", "application/x-pkcs12"


def download(content: bytes | str, name: str, content_type: str) -> HttpResponse:
    """A small file to save, which the browser never shows by itself."""
    headers = {"Content-Disposition": content_disposition_header(True, name), "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type=content_type, headers=headers)


class FormPage(RoleRequired):
    """A form of its own. `submit` does what it is for and returns where to go; it may raise ValidationError."""

    writers = actions.WRITERS
    template = "certificates/form.html"
    form_class: Any = None

    def roles_needed(self) -> frozenset[Role]:
        return self.writers

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.show(self.form_class(initial=self.initial()))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = self.form_class(request.POST, request.FILES)
        if form.is_valid():
            try:
                return self.submit(form)
            except ValidationError as error:
                put_errors(form, error)
        return self.show(form)

    def initial(self) -> dict[str, Any]:
        return {}

    def context(self) -> dict[str, Any]:
        return {}

    def submit(self, form: Any) -> HttpResponse:
        raise NotImplementedError

    def show(self, form: Any) -> HttpResponse:
        context: dict[str, Any] = {"form": form, "cancel_url": reverse("certificates:list")}
        context["crumbs"] = [(_("Certificates"), reverse("certificates:list"))]
        status = 422 if form.errors else 200
        return render(self.request, self.template, context | self.context(), status=status)

    def done(self, row: Certificate, text: str) -> HttpResponse:
        messages.success(self.request, text % row.name)
        return redirect("certificates:details", row.pk)


class NewPage(FormPage):
    """A certificate issued here, or a request for an authority outside."""

    form_class = NewForm

    def context(self) -> dict[str, Any]:
        return {"title": _("New certificate"), "submit": _("Make it")}

    def submit(self, form: NewForm) -> HttpResponse:
        given = form.cleaned_data
        wanted = (self.actor, given["name"].strip(), given["names"], given["key"])
        if given["issuer"] == SELF_SIGNED:
            return self.done(actions.make_self_signed(*wanted), _("%s is made."))
        if given["issuer"] == INTERNAL:
            return self.done(actions.issue(*wanted), _("%s is issued."))
        return redirect("certificates:request", actions.make_request(*wanted).pk)


class ImportPage(FormPage):
    """PFX or PEM from outside."""

    form_class = ImportForm

    def context(self) -> dict[str, Any]:
        return {"title": _("Import certificate"), "submit": _("Import")}

    def initial(self) -> dict[str, Any]:
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
    template = "certificates/request.html"

    def context(self) -> dict[str, Any]:
        asked = get_object_or_404(Request, pk=self.kwargs["pk"])
        return {"title": _("Request %s") % asked.name, "asked": asked, "submit": _("Load the answer")}

    def submit(self, form: AnswerForm) -> HttpResponse:
        return self.done(actions.answer(self.actor, self.kwargs["pk"], form.cleaned_data["file"]), _("%s is loaded."))


class RequestFile(RoleRequired):
    """The request, to send to the authority."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        asked = get_object_or_404(Request, pk=pk)
        return download(asked.request, f"{slugify(asked.name) or 'request'}.csr", PEM)


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
        return download(held.certificate, "gatepost-ca.crt", PEM)


class ChainFile(RoleRequired):
    """A certificate with its chain; never its key."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = get_object_or_404(Certificate, pk=pk)
        return download(row.chain, f"{slugify(row.name) or 'certificate'}.pem", PEM)


class ExportPage(FormPage):
    """A certificate with its key, as PFX under a password."""

    form_class = ExportForm

    def context(self) -> dict[str, Any]:
        row = get_object_or_404(Certificate, pk=self.kwargs["pk"])
        return {"title": _("Export %s with its private key") % row.name, "submit": _("Download PFX")}

    def submit(self, form: ExportForm) -> HttpResponse:
        row = get_object_or_404(Certificate, pk=self.kwargs["pk"])
        content = actions.export(self.actor, row.pk, form.cleaned_data["password"])
        return download(content, f"{slugify(row.name) or 'certificate'}.pfx", PFX)
