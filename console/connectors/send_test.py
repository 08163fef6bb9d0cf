"""The tab Test of a Send connector: what a message would meet, step by step, with what was said."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console.connectors import actions, models, queries
from console.connectors.properties import tabs
from console.connectors.send_properties import TEST, SendProperties
from console.connectors.send_sentence import send_sentence
from console.credentials import queries as credentials
from console.crud import put_errors
from console.crud.access import RoleRequired
from console.publishing import queries as publishing


class TestForm(forms.Form):
    """From whom to whom."""

    sender = forms.CharField(
        label=_("Sender"), help_text=_("An address that may send through this connector."), max_length=320
    )
    recipient = forms.CharField(
        label=_("Recipient"), help_text=_("The host is asked whether it takes mail for this address."), max_length=320
    )


class SendTest(RoleRequired):
    writers = actions.WRITERS

    def dispatch(self, request: HttpRequest, *args: Any, pk: int, **kwargs: Any) -> HttpResponseBase:
        self.row = get_object_or_404(models.SendConnector, pk=pk)
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(TestForm(initial={"sender": first_sender()}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form, finding = TestForm(request.POST), None
        if form.is_valid():
            try:
                finding = actions.try_out(self.actor, self.row.pk, **form.cleaned_data)
            except ValidationError as error:
                put_errors(form, error)
        return self.show(form, finding)

    def show(self, form: TestForm, finding: Any = None) -> HttpResponse:
        context = {
            "title": self.row.name,
            "crumbs": [(_t("Send connectors"), reverse("connectors:send-list"))],
            "tabs": tabs(SendProperties, self.row, TEST, [TEST] if form.errors else []),
            "sentence": send_sentence(queries.send(self.row)),
            "row": self.row,
            "form": form,
            "finding": finding,
            "credential": credentials.page_for(self.row.name) if finding and not finding.is_good else None,
            "may_write": self.may_write,
        }
        return render(self.request, "connectors/send_test.html", context, status=422 if form.errors else 200)


def first_sender() -> str:
    """An address of ours that may send; empty where none is known."""
    default = next((each.domain_name for each in publishing.saved().accepted_domains if each.default), "")
    return f"postmaster@{default}" if default and "*" not in default else ""
