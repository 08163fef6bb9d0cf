"""The forms of connectors; what stands on them follows from the settings tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console.certificates import queries as certificates
from console.connectors.rights_matrix import GrantsField, Line, PrincipalField, columns, matrix
from console.kerberos import queries as kerberos
from console.publishing.fields import help_of
from console.publishing.settings_form import SectionsForm, form_of
from console.users import queries as users
from transport.config import rules
from transport.config.permissions import PRINCIPALS
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import NEEDS, SendConnector, applies
from transport.config.setting import defaults, sections, settings


class SecurityForm(SectionsForm):
    """The tab Security; the matrix of rights is a field of its own."""

    struct, section = ReceiveConnector, "Security"

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
        if added and added not in _chosen(self.data):
            self.add_error("add_principal", _t("Choose the rights of %s in its column, then save.") % added)
        return cleaned

    @property
    def changes(self) -> dict[str, Any]:
        return super().changes | {"grants": self.cleaned_data["grants"]}

    @property
    def named(self) -> list[str]:
        """The users and groups that have a column."""
        if not self.is_bound:
            now: Any = self.now
            return sorted({grant.principal for grant in now.grants} - PRINCIPALS.keys())
        typed = users.principals().get(self.data.get("add_principal", "").strip().casefold())
        return list(dict.fromkeys([*_chosen(self.data), *([typed] if typed else [])]))

    @property
    def principals(self) -> list[str]:
        return list(columns(self.named).values())

    def lines(self) -> list[Line]:
        """The matrix as it stands: as entered, or as saved."""
        entered = self.is_bound and hasattr(self, "cleaned_data")
        now = {**{name: getattr(self.now, name) for name in self.shown}, **(self.cleaned_data if entered else {})}
        return matrix(now["permission_groups"], now["grants"], self.named)


class CertificateForm(SectionsForm):
    """The tab Certificate."""

    struct, section = ReceiveConnector, "Certificate"

    def __init__(self, *data: Any, **options: Any):
        super().__init__(*data, **options)
        now = getattr(self.now, "tls_certificate_name", "")
        self.fields["tls_certificate_name"] = CertificateField(now)


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


SPECIAL = {"Security": SecurityForm, "Certificate": CertificateForm}
FORMS = {section: SPECIAL.get(section) or form_of(ReceiveConnector, section) for section in sections(ReceiveConnector)}
"""Tab → its form, in the order of the tabs."""


class SendForm(SectionsForm):
    """Settings of a Send connector. What means nothing beside another choice is not asked for, unless it is set."""

    struct = SendConnector

    def __init__(self, *data: Any, now: Any = None, **options: Any):
        super().__init__(*data, now=now, **options)
        if "dns_routing_enabled" in self.fields:
            self.fields["dns_routing_enabled"] = RoutingField()
        for name in [each for each in NEEDS if each in self.fields]:
            self._ask_where_needed(name, now)

    def _ask_where_needed(self, name: str, now: SendConnector | None) -> None:
        needs, usual = NEEDS[name], defaults(SendConnector)[name]
        if now is not None and not applies(now, name) and getattr(now, name) != usual:
            return
        if needs[0] in self.fields:
            self.fields[name].needs = needs[0], " ".join(map(str, needs[1]))  # type: ignore[attr-defined]
        elif now is None or not applies(now, name):
            del self.fields[name]

    @property
    def changes(self) -> dict[str, Any]:
        """Of a connector that is there, with what is let go of other tabs, too."""
        found = super().changes
        if not isinstance(self.now, SendConnector):
            return found
        entered = msgspec.structs.replace(self.now, **found)
        meant = let_go(entered)
        return found | {name: getattr(meant, name) for name in NEEDS if getattr(meant, name) != getattr(entered, name)}


def let_go(connector: SendConnector) -> SendConnector:
    """A connector without what another choice has made meaningless, and what could not stand beside that."""
    forbidden = {problem.field for problem in rules.send_problems(connector, ())}
    gone = [name for name in NEEDS if name in forbidden and not applies(connector, name)]
    return msgspec.structs.replace(connector, **{name: defaults(SendConnector)[name] for name in gone})


class RoutingField(forms.TypedChoiceField):
    """MX or smart hosts, as in the EAC."""

    def __init__(self) -> None:
        choices = [
            ("True", _("MX record associated with recipient domain")),
            ("False", _("Route mail through smart hosts")),
        ]
        super().__init__(
            label=_("Specify how to send mail"),
            choices=choices,
            coerce=lambda value: value == "True",
            widget=forms.RadioSelect,
            error_messages={"required": _("Choose how mail leaves.")},
        )

    def prepare_value(self, value: Any) -> Any:
        return str(value) if isinstance(value, bool) else value


def _send_form(only: str) -> type[SendForm]:
    class Form(SendForm):
        section = only

    return Form


SEND_FORMS = {section: _send_form(section) for section in sections(SendConnector)}
"""As FORMS, of a Send connector."""


def _chosen(data: Any) -> list[str]:
    """The principals that the browser sent columns of."""
    return list(data.getlist("principal"))
