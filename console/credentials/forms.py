"""A form for each kind of credential: what it is, its secret, its limits. What is secret is never shown again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.credentials.actions import LONGEST_NAME, LONGEST_SECRET, LONGEST_USER_NAME, Wanted
from console.credentials.models import Credential
from console.crud.forms import Group, GroupedForm
from transport.config.credential import CredentialKind, Secrets

PLAIN = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}
LIMITS = ("max_connections", "messages_per_minute", "messages_per_day")


def secret_field(label: Any, help_text: Any = "") -> forms.CharField:
    widget = forms.PasswordInput({"autocomplete": "new-password"})
    return forms.CharField(label=label, strip=False, max_length=LONGEST_SECRET, widget=widget, help_text=help_text)


def limit_field(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=2147483647, required=False)


class CredentialForm(GroupedForm, forms.Form):
    """What all kinds have. `secret_fields`: those of `Secrets` that this kind has; of a credential that is there
    already they stay as they are unless something is typed.
    """

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=LONGEST_NAME,
        help_text=gettext_lazy("By which connectors name it. It never changes."),
        widget=forms.TextInput(attrs=PLAIN),
    )
    user_name = forms.CharField(
        label=gettext_lazy("User name"), max_length=LONGEST_USER_NAME, widget=forms.TextInput(attrs=PLAIN)
    )
    max_connections = limit_field(gettext_lazy("Connections at one time"))
    messages_per_minute = limit_field(gettext_lazy("Messages per minute"))
    messages_per_day = limit_field(gettext_lazy("Messages per day"))
    secret_fields: tuple[str, ...] = ()
    who: tuple[str, ...] = ("name", "user_name")
    what: tuple[str, ...] = ()

    def __init__(self, *data: Any, instance: Credential | None = None):
        self.instance = instance
        self.groups = [
            Group(_("Who signs in"), self.who),
            Group(_("With what"), self.what),
            Group(_("Limits"), LIMITS, _("Empty: what the connector's provider allows an account."), closed=True),
        ]
        super().__init__(*data, initial=vars(instance) if instance else None)
        if instance:
            self.fields["name"].disabled = True
            for name in self.secret_fields:
                self.fields[name].required = False
                self.fields[name].widget.attrs["placeholder"] = _("Leave empty to keep the one that is here")

    @property
    def wanted(self) -> Wanted:
        names = Wanted.__dataclass_fields__
        return Wanted(**{name: value for name, value in self.cleaned_data.items() if name in names})

    @property
    def secrets(self) -> Secrets | None:
        """None: they stay as they are."""
        given = {name: self.cleaned_data[name] for name in self.secret_fields if self.cleaned_data.get(name)}
        return Secrets(**given) if given else None


class PasswordForm(CredentialForm):
    password = secret_field(gettext_lazy("Password"), gettext_lazy("Kept encrypted; no page shows it again."))
    secret_ends = forms.DateField(
        label=gettext_lazy("Ends on"),
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("You are warned 30, 14, 7 days and 1 day before. Empty: it does not end."),
    )
    secret_fields = ("password",)
    what = ("password", "secret_ends")


FORMS: dict[CredentialKind, type[CredentialForm]] = {CredentialKind.Password: PasswordForm}
MEANINGS = {
    CredentialKind.Password: gettext_lazy(
        "For any server that asks for a user name: SendGrid, Mailgun, Amazon SES, an app password of Gmail, your own."
    ),
}
