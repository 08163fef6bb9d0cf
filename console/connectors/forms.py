"""The forms of connectors; their fields follow from the settings tables."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from console.connectors.rights_matrix import GrantsField, Line, matrix
from console.crud import Group
from console.publishing.fields import ChoiceField
from console.publishing.settings_form import SettingsForm
from transport.config.permissions import PRINCIPALS
from transport.config.receive_connector import ReceiveConnector, Usage
from transport.config.rules import USAGE_MEANING
from transport.config.send_connector import SendConnector
from transport.config.setting import settings


def fields_of(section: str) -> list[str]:
    """The settings of a Receive connector that stand on one tab."""
    return [field for field, setting in settings(ReceiveConnector).items() if setting.section == section]


class GeneralForm(SettingsForm):
    """The tab General."""

    struct = ReceiveConnector
    shown = fields_of("General")
    groups = [
        Group("", ["name", "enabled", "comment"]),
        Group(_("Messages"), ["max_message_size", "max_recipients_per_message", "max_hop_count"]),
        Group(_("Sessions"), ["max_protocol_errors", "connection_timeout", "connection_inactivity_timeout"]),
        Group(_("Service"), ["protocol_logging_level", "transport_role", "usage"]),
    ]


class SecurityForm(SettingsForm):
    """The tab Security; the matrix of rights is a field of its own."""

    struct = ReceiveConnector
    shown = fields_of("Security")

    def __init__(self, *data: Any, now: Any = None, **options: Any):
        super().__init__(*data, now=now, **options)
        self.fields["grants"] = GrantsField(now.grants)

    @property
    def changes(self) -> dict[str, Any]:
        return super().changes | {"grants": self.cleaned_data["grants"]}

    @property
    def principals(self) -> list[str]:
        return list(PRINCIPALS.values())

    def lines(self) -> list[Line]:
        """The matrix as it stands: as entered, or as saved."""
        entered = self.is_bound and hasattr(self, "cleaned_data")
        now = {**{name: getattr(self.now, name) for name in self.shown}, **(self.cleaned_data if entered else {})}
        return matrix(now["permission_groups"], now["grants"])


class ScopingForm(SettingsForm):
    """The tab Scoping."""

    struct = ReceiveConnector
    shown = fields_of("Scoping")
    groups = [
        Group(_("Who may connect"), ["remote_ip_ranges"]),
        Group(_("Where it listens"), ["bindings"]),
        Group(_("How it greets"), ["fqdn", "banner"]),
    ]


class IntroductionForm(SettingsForm):
    """First page of the wizard."""

    struct = ReceiveConnector
    shown = ["name", "transport_role", "comment"]

    def __init__(self, *data: Any, **options: Any):
        super().__init__(*data, **options)
        self.fields["usage"] = UsageField()
        self.order_fields(["name", "usage", "transport_role", "comment"])

    @property
    def changes(self) -> dict[str, Any]:
        return super().changes | {"usage": self.cleaned_data["usage"]}


class UsageField(ChoiceField):
    """The intended use, each with one sentence of what it allows."""

    def __init__(self) -> None:
        super().__init__(settings(ReceiveConnector)["usage"], forms.RadioSelect)
        self.label, self.help_text, self.disabled = _("Select the intended use for this connector"), "", False
        self.choices = [
            (each.value, format_html("<strong>{}</strong> {}", each.value, USAGE_MEANING[each])) for each in Usage
        ]
        self.initial = Usage.Custom


class LocalForm(SettingsForm):
    """Second page of the wizard: where the connector listens and how it calls itself."""

    struct = ReceiveConnector
    shown = ["bindings", "fqdn"]


class RemoteForm(SettingsForm):
    """Third page of the wizard: whose connections it answers."""

    struct = ReceiveConnector
    shown = ["remote_ip_ranges"]


class SendConnectorForm(SettingsForm):
    """A Send connector, on one page."""

    struct = SendConnector
    groups = [
        Group("", ["name", "enabled", "comment"]),
        Group(_("Address spaces"), ["address_spaces"]),
        Group(_("Network settings"), ["dns_routing_enabled", "smart_hosts", "port"]),
        Group(_("Session"), ["fqdn", "max_messages_per_connection"]),
    ]

    def __init__(self, *data: Any, **options: Any):
        super().__init__(*data, **options)
        self.fields["dns_routing_enabled"] = RoutingField()


class RoutingField(forms.TypedChoiceField):
    """MX or smart hosts, as in the EAC."""

    def __init__(self) -> None:
        choices = [
            ("mx", _("MX record associated with recipient domain")),
            ("smart", _("Route mail through smart hosts")),
        ]
        super().__init__(
            label=_("Specify how to send mail"),
            choices=choices,
            coerce=lambda value: value == "mx",
            widget=forms.RadioSelect,
            error_messages={"required": _("Choose how mail leaves.")},
        )

    def prepare_value(self, value: Any) -> Any:
        return {True: "mx", False: "smart"}.get(value, value)
