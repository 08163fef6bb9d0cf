"""The forms of the wizard's pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console.connectors import relay_restrictions
from console.connectors.actions import verbose_for_a_while
from console.connectors.offered_lines import OfferedLines
from console.connectors.own_addresses import offered
from console.connectors.relay_restrictions import Restrictions, Which
from console.crud.forms import Group, say_what_is_missing
from console.crud.said import later, said
from console.publishing.fields import ChoiceField
from console.publishing.settings_form import SettingsForm
from transport.config.endpoint import IPRange
from transport.config.receive_connector import ReceiveConnector, Usage
from transport.config.rules import USAGE_MEANING
from transport.config.setting import settings

LOG = "log"


def log_at_first() -> forms.BooleanField:
    """On the first page of both wizards."""
    return forms.BooleanField(
        label=_("Protocol logging: Verbose for the first 7 days"),
        help_text=_("Every conversation is in the protocol log while you watch how it works. It ends by itself."),
        required=False,
    )


class IntroductionForm(SettingsForm):
    """First page of the wizard."""

    struct = ReceiveConnector
    shown = ["name", "transport_role", "comment"]
    groups = [
        Group("", ["name", "usage", LOG]),
        Group(_("More options"), ["restrictions", "transport_role", "comment"], closed=True),
    ]

    def __init__(self, *data: Any, **options: Any):
        super().__init__(*data, **options)
        self.fields["usage"] = UsageField()
        self.fields[LOG] = log_at_first()
        self.fields["restrictions"] = forms.BooleanField(
            label=_("Take over the relay restrictions of Exchange 2003"),
            help_text=_("For Custom: the settings of its Access tab, Relay, say whom this connector answers."),
            required=False,
        )
        self.fields["name"].widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("restrictions") and cleaned.get("usage") is not Usage.Custom:
            self.add_error("restrictions", _t("Choose the intended use Custom for this, or leave it out."))
        return cleaned

    @property
    def changes(self) -> dict[str, Any]:
        logging = verbose_for_a_while() if self.cleaned_data[LOG] else {}
        return super().changes | {"usage": self.cleaned_data["usage"], **logging}


class UsageField(ChoiceField):
    """The intended use, each with one sentence of what it allows."""

    def __init__(self) -> None:
        super().__init__(settings(ReceiveConnector)["usage"], forms.RadioSelect)
        self.label, self.help_text, self.disabled = _("Select the intended use for this connector"), "", False
        self.choices = [
            (each.value, format_html("<strong>{}</strong> {}", said(each.value), said(USAGE_MEANING[each])))
            for each in Usage
        ]
        self.initial = Usage.Custom


class LocalForm(SettingsForm):
    """Second page of the wizard: where the connector listens and how it calls itself."""

    struct = ReceiveConnector
    shown = ["bindings", "fqdn"]

    def __init__(self, *data: Any, port: int = 25, **options: Any):
        super().__init__(*data, **options)
        field = self.fields["bindings"]
        field.widget = OfferedLines(field.widget.attrs, offered(port))


class RemoteForm(SettingsForm):
    """Third page of the wizard: whose connections it answers."""

    struct = ReceiveConnector
    shown = ["remote_ip_ranges"]


class RestrictionsForm(forms.Form):
    """Third page of the wizard in place of the ranges: what Exchange 2003's dialogue *Relay Restrictions* has."""

    which = forms.ChoiceField(
        label=_("Select which computers may relay through this virtual server"),
        choices=[(each.name, later(each.value)) for each in Which],
        help_text=_("Anonymous access, on the same tab under Authentication, is taken as allowed."),
        widget=forms.RadioSelect,
    )
    computers = forms.CharField(
        label=_("Computers"),
        help_text=_(
            "One on each line: a single computer (192.168.5.77), a group of computers by subnet address and mask "
            "(10.0.0.0 (255.0.0.0) or 10.0.0.0/8), or a domain."
        ),
        required=False,
        widget=forms.Textarea({"rows": 5, "class": "mono", "spellcheck": "false", "autocomplete": "off"}),
    )
    authenticated = forms.BooleanField(
        label=_("Allow all computers which successfully authenticate to relay, regardless of the list above"),
        required=False,
    )

    def __init__(self, *data: Any, **options: Any):
        super().__init__(*data, **options)
        say_what_is_missing(self)
        self.domains: list[str] = []

    def clean_computers(self) -> tuple[IPRange, ...]:
        """The addresses and subnets. A domain is an error: see `domains`."""
        found, wrong = [], []
        for line in self.cleaned_data["computers"].splitlines():
            if not line.partition("#")[0].strip():
                continue
            try:
                found.append(relay_restrictions.computer(line))
            except ValueError as error:
                wrong.append(str(error))
        self.domains = [each for each in found if isinstance(each, str)]
        wrong += [
            _t("%s is a domain: write the addresses of its computers. Addresses decide here, no names.") % domain
            for domain in self.domains
        ]
        if wrong:
            raise ValidationError(wrong)
        return tuple(dict.fromkeys(each for each in found if isinstance(each, IPRange)))

    @property
    def wanted(self) -> Restrictions:
        data = self.cleaned_data
        return Restrictions(Which[data["which"]], data["computers"], data["authenticated"])

    @property
    def changes(self) -> dict[str, Any]:
        """Field of the connector → value."""
        return relay_restrictions.settings_of(self.wanted)

    def in_place_of_domains(self, hosts: dict[str, dict[str, str]]) -> str:
        """The list with each domain of `hosts` (domain → address → host name) replaced by the addresses found."""
        lines = []
        for line in self.data.get("computers", "").splitlines():
            addresses = hosts.get(_domain_of(line), {})
            lines += [f"{address}  # {host}" for address, host in addresses.items()] or [line]
        return "\n".join(lines)


def _domain_of(line: str) -> str:
    try:
        found = relay_restrictions.computer(line)
    except ValueError:
        return ""
    return found if isinstance(found, str) else ""
