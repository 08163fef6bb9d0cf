"""The forms of connectors; what stands on them follows from the settings tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import msgspec
from django import forms
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console.certificates import queries as certificates
from console.connectors.rights_matrix import GrantsField, Line, PrincipalField, columns, matrix
from console.credentials import queries as credentials
from console.crud.said import said
from console.kerberos import queries as kerberos
from console.publishing.fields import ChoiceField, help_of
from console.publishing.settings_form import TabbedForm
from console.users import queries as users
from transport.config import rules
from transport.config.kinds import Setting
from transport.config.permissions import PRINCIPALS
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import NEEDS, SendConnector, SmartHostAuth, applies
from transport.config.setting import defaults, settings


class ReceiveForm(TabbedForm):
    """All tabs of a Receive connector; the matrix of rights, on the tab Security, is a field of its own."""

    struct = ReceiveConnector

    def __init__(self, *data: Any, now: Any = None, **options: Any):
        super().__init__(*data, now=now, **options)
        self._say_what_is_missing("enable_auth_gssapi", kerberos.why_not_offered())
        self.fields["grants"] = GrantsField(now.grants)
        self.initial["grants"] = now.grants
        self.fields["add_principal"] = PrincipalField()
        without = _("A connector without a choice shows the certificate that holds its FQDN.")
        setting = settings(ReceiveConnector)["tls_certificate_name"]
        best = _("Best match for the FQDN")
        self.fields["tls_certificate_name"] = CertificateField(setting, now.tls_certificate_name, best, without)

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
    def principals(self) -> list[tuple[str, bool]]:
        """(heading, whether a client can stand for it) of each column."""
        return list(zip(columns(self.named).values(), (cell.comes for cell in self.lines()[0].cells), strict=True))

    def lines(self) -> list[Line]:
        """The matrix as it stands: as entered, or as saved."""
        now: Any = self.now
        read = getattr(self, "cleaned_data", {}) if self.is_bound else {}
        entered = {name: read[name] for name in [*self.shown, "grants"] if name in read}
        return matrix(msgspec.structs.replace(now, **entered), self.named)


class CertificateField(forms.ChoiceField):
    """One of the certificates that are here, or none; a name whose certificate is gone stays choosable."""

    def __init__(self, setting: Setting, now: str, none: Any, without: Any):
        here = certificates.by_identifier()
        known = [(identifier, f"{name}: {identifier}") for identifier, name in here.items()]
        gone = [(now, _("%s (not here any more)") % now)] if now and now not in here else []
        super().__init__(
            label=said(setting.label),
            help_text=without,
            choices=[("", none), *known, *gone],
            required=False,
            error_messages={"invalid_choice": _("Choose one of the certificates that are here.")},
        )


class SendForm(TabbedForm):
    """Settings of a Send connector. What means nothing beside another choice is not asked for, unless it is set."""

    struct = SendConnector

    def __init__(self, *data: Any, now: Any = None, **options: Any):
        super().__init__(*data, now=now, **options)
        if "dns_routing_enabled" in self.fields:
            self.fields["dns_routing_enabled"] = RoutingField()
        self._offer_what_is_here(now)
        if "authentication_credential" in self.fields:
            field, here = self.fields["authentication_credential"], credentials.names()
            known = _t("Here are: %s.") % ", ".join(here) if here else _t("None is here yet: add it under Credentials.")
            field.help_text = format_html("{} {}", field.help_text, known)
        for name in [each for each in NEEDS if each in self.fields]:
            self._ask_where_needed(name, now)

    def _offer_what_is_here(self, now: SendConnector | None) -> None:
        """Certificates and credentials are chosen, not typed."""
        table = settings(SendConnector)
        if "tls_certificate_name" in self.fields:
            setting, chosen = table["tls_certificate_name"], now.tls_certificate_name if now else ""
            self.fields["tls_certificate_name"] = CertificateField(
                setting, chosen, _("None"), _("Shown to a next hop that asks for one.")
            )
        if "smart_host_auth_mechanism" in self.fields:
            self.fields["smart_host_auth_mechanism"] = MechanismField(table["smart_host_auth_mechanism"])
        if "authentication_credential" in self.fields:
            named = now.authentication_credential if now else ()
            self.fields["authentication_credential"] = self.credentials(table["authentication_credential"], named)

    def credentials(self, setting: Setting, now: tuple[str, ...]) -> forms.Field:
        """How credentials are chosen."""
        return CredentialsField(setting, now)

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


class MechanismField(ChoiceField):
    """How to sign in, of the ways that there are here."""

    def __init__(self, setting: Setting):
        super().__init__(setting)
        self.help_text = said(setting.help)
        self.choices = [(each.value, said(each.label)) for each in SmartHostAuth if not each.not_enforced]


class CredentialsField(forms.TypedMultipleChoiceField):
    """Any of the credentials that are here; a name whose credential is gone stays choosable."""

    def __init__(self, setting: Setting, now: tuple[str, ...]):
        super().__init__(
            label=said(setting.label),
            help_text=credentials_help(_("Several share the mail, each within its own limits.")),
            choices=credential_choices(now),
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )

    def clean(self, value: Any) -> tuple[str, ...]:
        return tuple(super().clean(value) or ())


def credential_choices(now: tuple[str, ...]) -> list[tuple[str, Any]]:
    """(name, what people read) of those that are here, and of those that are named and gone."""
    here = credentials.by_name()
    known = {name.casefold() for name in here}
    gone = [(name, _("%s (not here any more)") % name) for name in now if name.casefold() not in known]
    return [*((_spelled(name, now), f"{name} ({kind})") for name, kind in here.items()), *gone]


def _spelled(name: str, now: tuple[str, ...]) -> str:
    """As the connector spells it: names are the same in any case."""
    return next((each for each in now if each.casefold() == name.casefold()), name)


def credentials_help(first: Any, draft: str = "") -> str:
    """With the way to a new one, and from there back into a draft."""
    query = f"?{urlencode({credentials.DRAFT: draft})}" if draft else ""
    link = format_html('<a href="{}{}">{}</a>', reverse("credentials:new"), query, _t("New credential"))
    return format_html("{} {}", first, link)


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


def _chosen(data: Any) -> list[str]:
    """The principals that the browser sent columns of."""
    return list(data.getlist("principal"))
