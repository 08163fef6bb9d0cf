"""Mail flow → TLS reports: what others say of TLS with our mail servers."""

from __future__ import annotations

from typing import Any

import msgspec
from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console.crud import BADGE, LINES, MONO, NAME, NUMBER, TIME, Badge, Column, CrudView, Detail, Filter
from console.crud.action_page import ActionPage
from console.tls import actions, queries
from console.tls.models import ReceivedReport
from transport.config import bounds
from transport.send import tls_results
from transport.send.tls_report import TlsReport

LARGEST = bounds.TLS_REPORT.octets or 0


class ReportForm(forms.Form):
    """The file of a report."""

    file = forms.FileField(
        label=_("Report"),
        help_text=_("The .json or .json.gz file, or the mail with it (.eml), up to 4 MB."),
        widget=forms.FileInput({"accept": ".json,.gz,.eml,application/json,application/gzip,message/rfc822"}),
        error_messages={"required": _("Choose the file of a report."), "empty": _("This file is empty.")},
    )


def _results(row: ReceivedReport) -> list[Badge]:
    found = [Badge(each, "warning") for each in row.results.split("\n") if each]
    return found or [Badge(_("failed"), "warning") if row.failed else Badge(_("successful"), "good")]


class ReportPages(CrudView):
    model = ReceivedReport
    namespace = "tls_reports"
    noun, plural, title = _("TLS report"), _("TLS reports"), _("TLS reports")
    purpose = _("What other mail systems say of their connections to yours: whether TLS and your policies worked.")
    first_step = _(
        "They come by themselves once an address for them is named in the transport settings, under Organization, and "
        "the DNS record is published that is then shown here. Reports that came elsewhere can be handed in."
    )
    columns = [
        Column(_("Sender"), "organization", NAME, sort="organization"),
        Column(_("Day"), lambda row: f"{row.begin:%Y-%m-%d}", sort="begin"),
        Column(_("Domain"), lambda row: row.domains.split("\n"), LINES, sort="domains"),
        Column(_("Good"), "successful", NUMBER, sort="successful", minor=True),
        Column(_("Failed"), "failed", NUMBER, sort="failed"),
        Column(_("Results"), _results, BADGE, minor=True),
    ]
    details = [
        Detail(_("From"), "begin", TIME),
        Detail(_("Until"), "end", TIME),
        Detail(_("Report"), "report_id", MONO),
        Detail(_("Contact"), lambda row: _document(row).contact),
        Detail(_("Taken in"), "received_at", TIME),
        Detail(_("How"), lambda row: _("it came by mail") if row.came_by_mail else _("handed in")),
    ]
    search = ["organization", "domains", "policies", "results", "report_id"]
    filters = [
        Filter("policy", _("Policy"), list(queries.POLICIES_REPORTED.items()), "policies__contains"),
        Filter("result", _("Result"), [(each.value, each.value) for each in tls_results.FAILURES], "results__contains"),
    ]
    new_url = "tls_reports:new"
    list_template, details_template = "tls/reports.html", "tls/report.html"
    writers = actions.WRITERS

    def remove(self, obj: Any) -> None:
        actions.remove(self.actor, obj)

    def list_context(self, selected: Any) -> dict[str, Any]:
        return super().list_context(selected) | {"records": queries.records_to_publish()}

    def details_context(self, selected: Any) -> dict[str, Any]:
        context = super().details_context(selected)
        return context if selected is None else context | {"policies": _document(selected).policies}


def _document(row: ReceivedReport) -> TlsReport:
    return msgspec.json.decode(row.document, type=TlsReport)


class HandIn(ActionPage):
    """One report."""

    writers = actions.WRITERS
    form_class = ReportForm
    extra_context = {"title": _("Hand in a TLS report")}

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        here = reverse("tls_reports:list")
        return super().get_context_data(cancel_url=here, crumbs=[(_("TLS reports"), here)], **context)

    def submit(self, form: ReportForm) -> HttpResponse:
        row = actions.hand_in(self.actor, form.cleaned_data["file"].read(LARGEST + 1))
        messages.success(self.request, _t("The report is here."))
        return redirect("tls_reports:details", row.pk)
