"""A form for each kind of credential: what it is, its secret, its limits. What is secret is never shown again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.certificates import keys
from console.certificates import reading as certificates
from console.credentials.actions import LONGEST_ID, LONGEST_NAME, LONGEST_SECRET, LONGEST_USER_NAME, Wanted
from console.credentials.models import Credential
from console.crud.forms import Group, GroupedForm
from console.crud.meanwhile import Meanwhile
from transport.config import providers
from transport.config.credential import CredentialKind, Secrets

PLAIN = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}
KEY_FILE = ("client_email", "private_key")
"""What a service account's key file has for us."""
LIMITS = ("max_connections", "messages_per_minute", "messages_per_day")


class SmallFile(forms.FileField):
    """A key or a certificate as bytes, empty when there is none."""

    def clean(self, value: Any, initial: Any = None) -> bytes:
        file = super().clean(value, initial)
        if file and file.size > LONGEST_SECRET:
            raise ValidationError(_("This file is larger than 64 KB: it is none of these."))
        return file.read() if file else b""


def secret_field(label: Any, help_text: Any = "") -> forms.CharField:
    widget = forms.PasswordInput({"autocomplete": "new-password"})
    return forms.CharField(label=label, strip=False, max_length=LONGEST_SECRET, widget=widget, help_text=help_text)


def limit_field(label: Any, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=2147483647, required=False, help_text=help_text)


class CredentialForm(Meanwhile, GroupedForm, forms.Form):
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
    messages_per_day = limit_field(
        gettext_lazy("Messages per day"),
        format_lazy(
            gettext_lazy("With {}, recipients: a message to three counts three times, as it does there."),
            gettext_lazy(" and ").join(each.label.partition(",")[0] for each in providers.counting_recipients()),
        ),
    )
    secret_fields: tuple[str, ...] = ()
    who: tuple[str, ...] = ("name", "user_name")
    what: tuple[str, ...] = ()

    def __init__(self, *data: Any, instance: Credential | None = None):
        self.instance = instance
        self.groups = [
            Group(_("Who signs in"), self.who),
            *([Group(_("With what"), self.what)] if self.what else []),
            Group(_("Limits"), LIMITS, _("Empty: what the connector's provider allows an account."), closed=True),
        ]
        super().__init__(*data, initial=vars(instance) if instance else None)
        if instance:
            self.watch()
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


def ends_field() -> forms.DateField:
    return forms.DateField(
        label=gettext_lazy("Ends on"),
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("You are warned 30, 14, 7 days and 1 day before. Empty: it does not end."),
    )


def mailbox_field() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Mailbox"),
        max_length=LONGEST_USER_NAME,
        help_text=gettext_lazy("The address that it sends as, such as device@contoso.com."),
        widget=forms.TextInput(attrs=PLAIN),
    )


def id_field(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=LONGEST_ID,
        help_text=help_text,
        widget=forms.TextInput(attrs={**PLAIN, "class": "mono"}),
    )


class PasswordForm(CredentialForm):
    password = secret_field(gettext_lazy("Password"), gettext_lazy("Kept encrypted; no page shows it again."))
    secret_ends = ends_field()
    secret_fields = ("password",)
    what = ("password", "secret_ends")


class MicrosoftForm(CredentialForm):
    """A client secret, or a certificate, which says itself when it ends."""

    user_name = mailbox_field()
    tenant = id_field(
        gettext_lazy("Tenant ID"), gettext_lazy("Directory (tenant) ID in Entra, or the tenant's domain.")
    )
    client_id = id_field(
        gettext_lazy("Application (client) ID"), gettext_lazy("On the overview of the app registration in Entra.")
    )
    client_secret = secret_field(
        gettext_lazy("Client secret"), gettext_lazy("Its value, which Entra shows once; not its ID.")
    )
    secret_ends = ends_field()
    file = SmallFile(
        label=gettext_lazy("Or a certificate"),
        required=False,
        help_text=gettext_lazy(
            "With its private key: PFX, or PEM. In Entra the certificate is uploaded without the key."
        ),
        widget=forms.FileInput({"accept": ".pfx,.p12,.pem"}),
    )
    file_password = secret_field(gettext_lazy("Password of the file"))
    secret_fields = ("client_secret",)
    who = ("name", "user_name", "tenant", "client_id")
    what = ("client_secret", "secret_ends", "file", "file_password")

    def __init__(self, *data: Any, **options: Any):
        super().__init__(*data, **options)
        for name in ("client_secret", "file_password"):
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("file"):
            self._take(given["file"], given.get("file_password", ""))
        elif self.instance is None and not given.get("client_secret"):
            self.add_error("client_secret", _("Enter the client secret, or choose a certificate with its key."))
        return given

    def _take(self, content: bytes, password: str) -> None:
        if self.cleaned_data.get("client_secret"):
            self.add_error("file", _("A client secret or a certificate, not both."))
            return
        try:
            self.found = certificates.read(content, b"", password)
        except ValidationError as error:
            self.add_error("file", " ".join(error.messages))
            return
        self.cleaned_data["secret_ends"] = self.found.chain[0].not_valid_after_utc.date()

    @property
    def secrets(self) -> Secrets | None:
        if not self.cleaned_data.get("file"):
            return super().secrets
        return Secrets(certificate=self.found.pem, key=keys.pem(self.found.key))


class MicrosoftPersonForm(CredentialForm):
    """Its secret comes of a sign-in, afterwards."""

    user_name = mailbox_field()
    tenant = id_field(
        gettext_lazy("Tenant ID"), gettext_lazy("Directory (tenant) ID in Entra, or the tenant's domain.")
    )
    client_id = id_field(
        gettext_lazy("Application (client) ID"),
        gettext_lazy("Of an app registration that allows public client flows, and has the permission SMTP.Send."),
    )
    who = ("name", "user_name", "tenant", "client_id")

    @property
    def secrets(self) -> Secrets | None:
        return None if self.instance else Secrets()


class SignInForm(forms.Form):
    """Nothing to enter: the person signs in at the provider."""


class GoogleServiceForm(CredentialForm):
    user_name = mailbox_field()
    file = SmallFile(
        label=gettext_lazy("Key file"),
        help_text=gettext_lazy("The JSON file that Google Cloud makes for a key of the service account."),
        widget=forms.FileInput({"accept": ".json"}),
        error_messages={"required": gettext_lazy("Choose the key file.")},
    )
    what = ("file",)

    def __init__(self, *data: Any, **options: Any):
        super().__init__(*data, **options)
        self.fields["file"].required = self.instance is None

    def clean_file(self) -> bytes:
        content: bytes = self.cleaned_data["file"]
        try:
            said = json.loads(content) if content else {}
        except (ValueError, RecursionError):
            said = None
        if content and not (isinstance(said, dict) and all(isinstance(said.get(one), str) for one in KEY_FILE)):
            raise ValidationError(_("This is no key file of a service account."))
        self.email = said.get("client_email", "") if said else ""
        return content

    @property
    def wanted(self) -> Wanted:
        kept = self.instance.client_id if self.instance else ""
        return replace(super().wanted, client_id=self.email or kept)

    @property
    def secrets(self) -> Secrets | None:
        content = self.cleaned_data["file"]
        return Secrets(key_file=content.decode()) if content else None


class GoogleRefreshForm(CredentialForm):
    user_name = mailbox_field()
    client_id = id_field(gettext_lazy("Client ID"), gettext_lazy("Of the OAuth client in Google Cloud."))
    client_secret = secret_field(gettext_lazy("Client secret"))
    refresh_token = secret_field(gettext_lazy("Refresh token"), gettext_lazy("For the scope https://mail.google.com/."))
    secret_fields = ("client_secret", "refresh_token")
    who = ("name", "user_name", "client_id")
    what = ("client_secret", "refresh_token")

    def clean(self) -> dict[str, Any]:
        if bool(self.cleaned_data.get("client_secret")) != bool(self.cleaned_data.get("refresh_token")):
            self.add_error("refresh_token", _("Enter both, or neither to keep those that are here."))
        return self.cleaned_data


FORMS: dict[CredentialKind, type[CredentialForm]] = {
    CredentialKind.Password: PasswordForm,
    CredentialKind.Microsoft365: MicrosoftForm,
    CredentialKind.Microsoft365Person: MicrosoftPersonForm,
    CredentialKind.GoogleServiceAccount: GoogleServiceForm,
    CredentialKind.GoogleRefreshToken: GoogleRefreshForm,
}
MEANINGS = {
    CredentialKind.Password: gettext_lazy(
        "For any server that asks for a user name: SendGrid, Mailgun, Amazon SES, an app password of Gmail, your own."
    ),
    CredentialKind.Microsoft365: gettext_lazy(
        "An application that is registered in Entra sends as a mailbox. Nobody signs in again until its secret ends."
    ),
    CredentialKind.Microsoft365Person: gettext_lazy(
        "Somebody signs in once with a code, for their own mailbox. Many tenants do not allow it."
    ),
    CredentialKind.GoogleServiceAccount: gettext_lazy(
        "A service account with domain-wide delegation sends as a mailbox of Google Workspace."
    ),
    CredentialKind.GoogleRefreshToken: gettext_lazy("Somebody has let an OAuth client send as a mailbox of Gmail."),
}
