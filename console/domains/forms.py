"""The form of an accepted domain; its fields follow from the settings table."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from console.crud.forms import Group
from console.publishing.fields import ChoiceField
from console.publishing.settings_form import SettingsForm
from transport.config.accepted_domain import AcceptedDomain
from transport.config.setting import settings


class DomainForm(SettingsForm):
    """A new domain, or an old one, whose name is fixed."""

    struct = AcceptedDomain
    groups = [
        Group("", ["domain_name", "name", "domain_type", "match_subdomains", "default", "address_book_enabled"]),
        Group(_("Delivery"), ["deliver_to", "delivery_hosts"]),
        Group(
            _("Kept until it is asked for"),
            ["pick_up_methods", "pick_up_principals", "pick_up_ranges", "pick_up_expiration_timeout"],
        ),
    ]

    def __init__(self, *data: Any, now: AcceptedDomain | None = None, **options: Any):
        super().__init__(*data, now=now, **options)
        self.fields["domain_type"] = ChoiceField(settings(AcceptedDomain)["domain_type"], forms.RadioSelect)
        self.fields["domain_name"].help_text = _("contoso.com, or *.contoso.com for every subdomain.")
        if now is not None:
            self.fields["domain_name"].disabled = True
            self.fields["domain_name"].help_text = _("It cannot be changed: add the new domain, then remove this one.")
        if now is not None and now.domain_name.startswith("*"):
            field = self.fields["match_subdomains"]
            field.disabled, self.initial["match_subdomains"] = True, True
            field.help_text = _("Its name says so: it holds for every subdomain.")

    @property
    def changes(self) -> dict[str, Any]:
        found = super().changes
        if self.fields["match_subdomains"].disabled:
            found.pop("match_subdomains")
        return found
