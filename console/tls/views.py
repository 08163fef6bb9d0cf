"""Mail flow → TLS to domains: what mail to a domain would get now, and how connections ended."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from console.actors import Role
from console.crud.access import RoleRequired
from console.tls import queries
from transport.config.host_name import host_name


class DomainForm(forms.Form):
    """Which domain to look at."""

    domain = forms.CharField(
        label=_("Domain"), max_length=255, widget=forms.TextInput({"class": "mono", "autocomplete": "off"})
    )

    def clean_domain(self) -> str:
        try:
            return host_name(self.cleaned_data["domain"].strip())
        except ValueError as error:
            raise ValidationError(str(error)) from None


class OutlookPage(RoleRequired):
    writers = frozenset({Role.ORGANIZATION_MANAGEMENT})

    def get(self, request: HttpRequest) -> HttpResponse:
        form = DomainForm(request.GET if "domain" in request.GET else None)
        domain = form.cleaned_data["domain"] if form.is_valid() else ""
        context: dict[str, Any] = {
            "title": _("TLS to domains"),
            "form": form,
            "domain": domain,
            "outlook": queries.look_at(domain) if domain else None,
            "results": queries.results(domain),
            "days": queries.DAYS,
            "sent": queries.sent_reports(domain),
        }
        return render(request, "tls/outlook.html", context, status=422 if form.errors else 200)
