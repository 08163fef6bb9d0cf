"""The forms of the pages of New send connector, in the order of the EAC (Exchange reference, section 8.1)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console.connectors.actions import verbose_for_a_while
from console.connectors.draft import FIRST
from console.connectors.forms import SendForm, credential_choices, credentials_help
from console.connectors.receive_wizard_forms import LOG, log_at_first
from console.crud.forms import Group
from console.crud.said import said
from console.publishing.fields import ChoiceField
from console.publishing.settings_form import SettingsForm
from transport.config.kinds import Setting
from transport.config.send_connector import SendConnector, SendUsage
from transport.config.setting import settings

DELIVERY, SIGN_IN, ADDRESS_SPACE = "delivery", "sign-in", "address-space"
MEANINGS = {
    SendUsage.Custom: _("Whatever the other types do not fit. You choose everything."),
    SendUsage.Internal: _("To mail servers of your own organization, as smart hosts; messages may have any size."),
    SendUsage.Internet: _("To every domain on the Internet."),
    SendUsage.Partner: _("To the domains of a partner, straight to their mail servers."),
}
WHO_SIGNS_IN = _("Who signs in. A new credential leads back here.")
ROUTING = {SendUsage.Internal: False, SendUsage.Partner: True}
"""How mail leaves where the type leaves no choice."""


class IntroductionForm(SettingsForm):
    """Name and type."""

    struct = SendConnector
    shown = ["name", "comment"]
    groups = [Group("", ["name", "usage", LOG]), Group(_("More options"), ["comment"], closed=True)]

    def __init__(self, *data: Any, **options: Any):
        super().__init__(*data, **options)
        self.fields["usage"] = UsageField()
        self.fields[LOG] = log_at_first()
        self.fields["name"].widget.attrs["autofocus"] = True

    @property
    def changes(self) -> dict[str, Any]:
        logging = verbose_for_a_while() if self.cleaned_data[LOG] else {}
        return super().changes | {"usage": self.cleaned_data["usage"], **logging}


class UsageField(ChoiceField):
    """The type, each with one sentence."""

    def __init__(self) -> None:
        super().__init__(settings(SendConnector)["usage"], forms.RadioSelect)
        self.help_text = _t("All types have the same rights; the type says how this one begins.")
        self.choices = [
            (each.value, format_html("<strong>{}</strong> {}", said(each.label), MEANINGS[each])) for each in SendUsage
        ]
        self.initial = SendUsage.Custom


class PageForm(SendForm):
    """Some settings on one page."""

    def __init_subclass__(cls) -> None:
        """The settings are those that the page names, under one heading: the page's."""
        cls.groups = []


class DeliveryForm(PageForm):
    """Where mail goes."""

    shown = ["dns_routing_enabled", "smart_hosts", "provider", "port", "use_external_dns_servers_enabled"]

    def only_for(self, usage: SendUsage) -> None:
        """Leaves out the way that a connector of this type does not go."""
        field: Any = self.fields["dns_routing_enabled"]
        if usage in ROUTING:
            field.choices = [(value, label) for value, label in field.choices if value == str(ROUTING[usage])]
            field.help_text = _t("A connector of the type %s goes no other way.") % usage.value


class SignInForm(PageForm):
    """As whom, and how protected."""

    shown = ["smart_host_auth_mechanism", "authentication_credential", "require_tls", "implicit_tls"]

    def credentials(self, setting: Setting, now: tuple[str, ...]) -> forms.Field:
        return CredentialField(setting)

    def lead_back_to(self, draft: str) -> None:
        """Who makes a new credential comes back to this page of the draft."""
        self.fields["authentication_credential"].help_text = credentials_help(WHO_SIGNS_IN, draft)

    def _ask_where_needed(self, name: str, now: SendConnector | None) -> None:
        """The page is shown for smart hosts only."""
        super()._ask_where_needed(name, SendConnector(name="", dns_routing_enabled=False))


class CredentialField(forms.ChoiceField):
    """One of the credentials that are here, as a list of one name; more can be added under Security."""

    def __init__(self, setting: Setting):
        super().__init__(
            label=_("Credential"),
            help_text=credentials_help(WHO_SIGNS_IN),
            choices=[("", _("Choose one")), *credential_choices(())],
            required=False,
        )

    def clean(self, value: Any) -> tuple[str, ...]:
        chosen = super().clean(value)
        return (chosen,) if chosen else ()

    def prepare_value(self, value: Any) -> Any:
        return value[0] if isinstance(value, tuple) and value else value or ""


class AddressSpaceForm(PageForm):
    """For which domains."""

    shown = ["address_spaces"]


PAGES: dict[str, Any] = {
    FIRST: IntroductionForm,
    DELIVERY: DeliveryForm,
    SIGN_IN: SignInForm,
    ADDRESS_SPACE: AddressSpaceForm,
}
