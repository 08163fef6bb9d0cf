"""Accounts at authorities, and what is ordered there: lists, details, forms, verbs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console.acme import actions, models, queries, tlsa
from console.acme.forms import AccountForm, ManagedForm
from console.acme.presets import NAMES
from console.crud import BADGE, LINES, MONO, NAME, TIME, Badge, Column, CrudView, Detail, Verb
from console.crud.said import said

SOON = timedelta(seconds=15)
"""A step that comes within that is waited for on the page."""


class AccountPages(CrudView):
    model = models.Account
    namespace, prefix = "acme", "account-"
    noun, plural = _("ACME account"), _("ACME accounts")
    purpose = _("At which authorities certificates are ordered by ACME, and as whom.")
    first_step = _("Add one, then order a certificate with it.")
    is_tagged = True
    columns = [
        Column(_("Name"), "name", NAME, sort="name"),
        Column(_("Authority"), lambda row: NAMES.get(row.directory, row.directory), sort="directory"),
        Column(_("Used for"), queries.ordered_with, LINES, minor=True),
    ]
    details = [
        Detail(_("Directory"), "directory", MONO),
        Detail(_("Contact"), "contact"),
        Detail(_("Account there"), lambda row: row.url or _t("made with the first order"), MONO),
        Detail(_("Key ID of the binding"), "eab_key_id", MONO),
        Detail(_("Trusted root"), lambda row: actions.account_facts(row)["Trusted root"]),
        Detail(_("Used for"), lambda row: queries.ordered_with(row) or [_t("no certificate")], LINES),
        Detail(_("Added"), "created_at", TIME),
    ]
    search = ["name", "directory"]
    list_template = "acme/accounts.html"
    form_class = AccountForm
    writers = actions.WRITERS
    removal_warning = _("Its key is forgotten: another account is made with the next order.")

    def save(self, form: AccountForm) -> models.Account:
        given = form.cleaned_data
        if form.instance is not None:
            return actions.change_account(self.actor, form.instance, form.wanted, given["eab_key"])
        return actions.add_account(self.actor, given["name"], form.wanted, given["eab_key"], given["agreed"])

    def remove(self, obj: Any) -> None:
        actions.remove_account(self.actor, obj)


def _state(row: models.ManagedCertificate) -> Badge:
    if row.is_under_way and [words for _at, words in row.told[-1:]] != [row.problem]:
        return Badge(_t("under way"), "info")
    if row.problem:
        return Badge(_t("failed"), "bad")
    return Badge(_t("issued"), "good") if queries.certificate(row) else Badge(_t("waits"), "info")


def _steps(row: models.ManagedCertificate) -> list[tuple[datetime, str]]:
    return [(datetime.fromtimestamp(at, UTC), said(words)) for at, words in reversed(row.told)]


class ManagedPages(CrudView):
    model = models.ManagedCertificate
    namespace = "acme"
    noun, plural = _("managed certificate"), _("managed certificates")
    purpose = _("Certificates that an authority issues by ACME: ordered, and renewed before they end, without anybody.")
    first_step = _("Add an account at an authority, then order a certificate.")
    is_tagged = True
    columns = [
        Column(_("Name"), "name", NAME, sort="name"),
        Column(_("Names in it"), "names", LINES),
        Column(_("Account"), "account.name", sort="account__name", minor=True),
        Column(_("State"), _state, BADGE, sort="problem"),
        Column(_("Renewal"), queries.due, TIME, sort="renew_at"),
    ]
    details = [
        Detail(_("State"), _state, BADGE),
        Detail(_("Last failure"), lambda row: said(row.problem)),
        Detail(_("Fails since"), "failed_since", TIME),
        Detail(_("Next attempt"), lambda row: row.next_step if row.problem else None, TIME),
        Detail(_("Renewal"), queries.due, TIME),
        Detail(_("Names in it"), "names", LINES),
        Detail(_("Account"), "account.name"),
        Detail(_("How names are proved"), "get_challenge_display"),
        Detail(_("Key"), "key_type"),
    ]
    search = ["name", "names"]
    verbs = [Verb("renew", _("Renew now"), icon="refresh-cw", done=_("ordered; the steps stand below"))]
    form_class = ManagedForm
    writers = actions.WRITERS
    refresh = 10
    list_template = "acme/managed.html"
    details_template = "acme/managed_details.html"
    removal_warning = _(
        "It is ordered no more; a worker takes back what an order under way has laid out. The certificate that is "
        "there stays until its end."
    )

    def rows(self) -> Any:
        return models.ManagedCertificate.objects.select_related("account")

    def details_context(self, selected: Any) -> dict[str, Any]:
        context = super().details_context(selected)
        if selected is None:
            return context
        records = tlsa.to_publish(selected.names, selected.chain) if selected.chain else []
        more = {"shown": queries.certificate(selected), "records": records, "steps": _steps(selected)}
        return context | more | {"is_awaited": selected.next_step < now() + SOON}

    def show_form(self, obj: Any, form: Any = None) -> HttpResponse:
        """Without an account that is asked for first."""
        if obj is None and not models.Account.objects.exists():
            messages.info(
                self.request, _t("First the account at an authority; then the certificate is ordered with it.")
            )
            return redirect(reverse("acme:account-new"))
        return super().show_form(obj, form)

    def save(self, form: ManagedForm) -> models.ManagedCertificate:
        given = form.cleaned_data
        if form.instance is not None:
            return actions.change(self.actor, form.instance, form.wanted, given["tsig_secret"])
        return actions.add(self.actor, given["name"], form.wanted, given["tsig_secret"])

    def renew(self, obj: Any) -> None:
        actions.renew(self.actor, obj)

    def remove(self, obj: Any) -> None:
        actions.remove(self.actor, obj)
