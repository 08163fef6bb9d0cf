"""The forms of connectors; their fields follow from the settings tables. `FORMS` are the tabs, in their order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console.certificates import queries as certificates
from console.connectors.rights_matrix import GrantsField, Line, PrincipalField, columns, matrix
from console.crud import Group
from console.kerberos import queries as kerberos
from console.publishing.fields import help_of
from console.publishing.settings_form import SettingsForm
from console.users import queries as users
from transport.config.permissions import PRINCIPALS
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.config.setting import settings


def fields_of(section: str) -> list[str]:
    """The settings of a Receive connector that stand on one tab."""
    return [field for field, setting in settings(ReceiveConnector).items() if setting.section == section]


def not_enforced(section: str) -> Group:
    """The settings of a tab that are kept but that nothing obeys, closed at its end."""
    every = settings(ReceiveConnector)
    fields = [field for field in fields_of(section) if every[field].not_enforced]
    return Group(_("Not enforced"), fields, _("Kept with the connector, for an import or an export."), closed=True)


class GeneralForm(SettingsForm):
    """The tab General."""

    struct = ReceiveConnector
    shown = fields_of("General")
    groups = [
        Group("", ["name", "enabled", "comment"]),
        Group(_("Messages"), ["max_message_size", "max_hop_count", "max_local_hop_count", "default_domain"]),
        Group(_("Service"), ["protocol_logging_level", "transport_role", "usage"]),
        not_enforced("General"),
    ]


class SecurityForm(SettingsForm):
    """The tab Security; the matrix of rights is a field of its own."""

    struct = ReceiveConnector
    shown = fields_of("Security")
    groups = [
        Group("", ["auth_mechanism", "permission_groups", "resolve_senders"]),
        Group("", ["require_tls", "domain_secure_enabled", "tls_receive_domain_secure_list", "default_logon_domain"]),
        Group("", ["enable_auth_gssapi", "extended_protection_policy"]),
    ]

    def __init__(self, *data: Any, now: Any = None, **options: Any):
        super().__init__(*data, now=now, **options)
        self._say_what_is_missing("enable_auth_gssapi", kerberos.why_not_offered())
        self.fields["grants"] = GrantsField(now.grants)
        self.fields["add_principal"] = PrincipalField()

    def _say_what_is_missing(self, field: str, reason: str) -> None:
        if reason:
            self.fields[field].help_text = help_of(replace(settings(ReceiveConnector)[field], not_enforced=reason))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        added = cleaned.get("add_principal")
        if added and added not in self.data.getlist("principal"):
            self.add_error("add_principal", _t("Choose the rights of %s in its column, then save.") % added)
        return cleaned

    @property
    def changes(self) -> dict[str, Any]:
        return super().changes | {"grants": self.cleaned_data["grants"]}

    @property
    def named(self) -> list[str]:
        """The users and groups that have a column."""
        if not self.is_bound:
            return sorted({grant.principal for grant in self.now.grants} - PRINCIPALS.keys())
        typed = users.principals().get(self.data.get("add_principal", "").strip().casefold())
        return list(dict.fromkeys([*self.data.getlist("principal"), *([typed] if typed else [])]))

    @property
    def principals(self) -> list[str]:
        return list(columns(self.named).values())

    def lines(self) -> list[Line]:
        """The matrix as it stands: as entered, or as saved."""
        entered = self.is_bound and hasattr(self, "cleaned_data")
        now = {**{name: getattr(self.now, name) for name in self.shown}, **(self.cleaned_data if entered else {})}
        return matrix(now["permission_groups"], now["grants"], self.named)


class ScopingForm(SettingsForm):
    """The tab Scoping."""

    struct = ReceiveConnector
    shown = fields_of("Scoping")
    groups = [
        Group(_("Who may connect"), ["remote_ip_ranges"]),
        Group(_("Where it listens"), ["bindings"]),
        Group(_("How it greets"), ["fqdn", "banner"]),
    ]


class LimitsForm(SettingsForm):
    """The tab Limits."""

    struct = ReceiveConnector
    shown = fields_of("Limits")
    groups = [
        Group(
            _("Connections"),
            [
                "max_inbound_connection",
                "max_inbound_connection_per_source",
                "max_inbound_connection_percentage_per_source",
                "limit_scope",
            ],
        ),
        Group(
            _("Messages"),
            ["message_rate_limit", "message_rate_source", "max_recipients_per_message", "max_header_size"],
        ),
        Group(
            _("Errors and delays"),
            ["max_protocol_errors", "max_logon_failures", "tarpit_interval", "auth_tarpit_interval"],
        ),
        Group(_("Time-outs"), ["connection_timeout", "connection_inactivity_timeout"]),
    ]


class ExtensionsForm(SettingsForm):
    """The tab Extensions: what EHLO offers, and what is refused whatever the client asks."""

    struct = ReceiveConnector
    shown = fields_of("Extensions")
    groups = [
        Group(
            _("Offered in the answer to EHLO"),
            [
                "size_enabled",
                "pipelining_enabled",
                "delivery_status_notification_enabled",
                "enhanced_status_codes_enabled",
                "eight_bit_mime_enabled",
                "chunking_enabled",
                "binary_mime_enabled",
                "smtp_utf8_enabled",
                "orar_enabled",
                "long_addresses_enabled",
            ],
        ),
        Group(
            _("What is refused"),
            [
                "bare_linefeed_rejection_enabled",
                "early_talker_rejection_enabled",
                "require_ehlo_domain",
                "reject_reserved_top_level_recipient_domains",
                "reject_reserved_second_level_recipient_domains",
                "reject_single_label_recipient_domains",
            ],
        ),
        not_enforced("Extensions"),
    ]


class CertificateForm(SettingsForm):
    """The tab Certificate."""

    struct = ReceiveConnector
    shown = fields_of("Certificate")
    groups = [
        Group("", ["tls_certificate_name", "minimum_tls_version", "require_128_bit_encryption"]),
        not_enforced("Certificate"),
    ]

    def __init__(self, *data: Any, **options: Any):
        super().__init__(*data, **options)
        now = self.now.tls_certificate_name if self.now is not None else ""
        self.fields["tls_certificate_name"] = CertificateField(now)
        self.order_fields([name for group in self.groups for name in group.fields])


class CertificateField(forms.ChoiceField):
    """One of the certificates that are here, or the best match; a name whose certificate is gone stays choosable."""

    def __init__(self, now: str):
        setting = settings(ReceiveConnector)["tls_certificate_name"]
        here = certificates.by_identifier()
        known = [(identifier, f"{name}: {identifier}") for identifier, name in here.items()]
        gone = [(now, _("%s (not here any more)") % now)] if now and now not in here else []
        super().__init__(
            label=setting.label,
            help_text=_("A connector without a choice shows the certificate that holds its FQDN."),
            choices=[("", _("Best match for the FQDN")), *known, *gone],
            required=False,
            error_messages={"invalid_choice": _("Choose one of the certificates that are here.")},
        )


FORMS = {
    "General": GeneralForm,
    "Security": SecurityForm,
    "Scoping": ScopingForm,
    "Limits": LimitsForm,
    "Extensions": ExtensionsForm,
    "Certificate": CertificateForm,
}
"""Tab → its form, in the order of the tabs."""


class SendConnectorForm(SettingsForm):
    """A Send connector, on one page."""

    struct = SendConnector
    groups = [
        Group("", ["name", "enabled", "comment"]),
        Group(_("Address spaces"), ["address_spaces"]),
        Group(_("Network settings"), ["dns_routing_enabled", "smart_hosts", "internal_ip_ranges", "port"]),
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
