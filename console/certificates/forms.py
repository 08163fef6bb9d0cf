"""The forms of certificates."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.certificates import actions, keys
from console.certificates.models import Certificate
from console.crud.forms import say_what_is_missing
from transport.config.host_name import host_name

LARGEST = 1024 * 1024
SELF_SIGNED, INTERNAL, OUTSIDE, BY_ACME = "self-signed", "internal", "outside", "acme"
ISSUERS = [
    (INTERNAL, gettext_lazy("The internal authority, at once. For clients that are told to trust it")),
    (BY_ACME, gettext_lazy("A certification authority by ACME, such as Let’s Encrypt: ordered and renewed by itself")),
    (OUTSIDE, gettext_lazy("An authority outside. Makes a request that you send there; its answer is loaded here")),
    (SELF_SIGNED, gettext_lazy("Nobody: self-signed. Enough for clients that check no certificate")),
]


class NamesField(forms.CharField):
    """Host names, one each line."""

    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("Host names"),
            help_text=gettext_lazy("One each line, the most important first: your connectors' FQDN, the MX name."),
            widget=forms.Textarea({"rows": 4, "class": "mono", "spellcheck": "false", "autocomplete": "off"}),
            error_messages={"required": gettext_lazy("Enter at least one host name, such as mail.contoso.com.")},
        )

    def clean(self, value: Any) -> list[str]:
        lines = [line.strip() for line in super().clean(value).replace(",", "\n").splitlines() if line.strip()]
        try:
            return list(dict.fromkeys(host_name(line) for line in lines))
        except ValueError as error:
            raise ValidationError(str(error)) from None


class NewForm(forms.Form):
    """A certificate for host names, issued here or to be issued elsewhere."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=64, help_text=gettext_lazy("How it is called in lists here.")
    )
    names = NamesField()
    issuer = forms.ChoiceField(
        label=gettext_lazy("Issued by"), choices=ISSUERS, widget=forms.RadioSelect, initial=INTERNAL
    )
    key = forms.ChoiceField(label=gettext_lazy("Key"), choices=keys.KINDS, initial=keys.P256)

    def __init__(self, *data: Any, **options: Any):
        super().__init__(*data, **options)
        self.fields["names"].initial = "\n".join(actions.host_names())
        say_what_is_missing(self)


class SmallFile(forms.FileField):
    """A certificate file as bytes, empty when there is none."""

    def clean(self, value: Any, initial: Any = None) -> bytes:
        file = super().clean(value, initial)
        if file and file.size > LARGEST:
            raise ValidationError(_("This file is larger than 1 MB: it is no certificate."))
        return file.read() if file else b""


def password_field(label: Any, **options: Any) -> forms.CharField:
    widget = forms.PasswordInput({"autocomplete": "off"})
    return forms.CharField(label=label, strip=False, widget=widget, **options)


class ImportForm(forms.Form):
    """A certificate with its key, from files."""

    file = SmallFile(
        label=gettext_lazy("Certificate"),
        help_text=gettext_lazy("PFX (PKCS #12), or PEM with the chain of the authority."),
        widget=forms.FileInput({"accept": ".pfx,.p12,.pem,.crt,.cer,.p7b,.p7c"}),
        error_messages={"required": gettext_lazy("Choose the file with the certificate.")},
    )
    key_file = SmallFile(
        label=gettext_lazy("Private key"),
        required=False,
        help_text=gettext_lazy("PEM, when it is not in the same file."),
        widget=forms.FileInput({"accept": ".pem,.key"}),
    )
    password = password_field(
        gettext_lazy("Password"), required=False, help_text=gettext_lazy("Of the PFX file or the key.")
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=64, required=False)
    replaces = forms.ModelChoiceField(
        Certificate.objects.order_by("name"),
        label=gettext_lazy("Renews"),
        required=False,
        empty_label=gettext_lazy("No certificate: it is a new one"),
        help_text=gettext_lazy("Connectors that show the old one show this one to the next client."),
    )

    def clean(self) -> dict[str, Any]:
        if not self.cleaned_data.get("name") and not self.cleaned_data.get("replaces"):
            self.add_error("name", _("Enter a name, or choose the certificate that this one renews."))
        return self.cleaned_data


class AnswerForm(forms.Form):
    """What the authority sent back."""

    file = SmallFile(
        label=gettext_lazy("The authority's answer"),
        help_text=gettext_lazy("PEM with the chain, or a single certificate (.cer)."),
        widget=forms.FileInput({"accept": ".pem,.crt,.cer,.der,.p7b"}),
        error_messages={"required": gettext_lazy("Choose the file that the authority sent.")},
    )


class ExportForm(forms.Form):
    """The password that protects a PFX file."""

    password = password_field(
        gettext_lazy("Password"), help_text=gettext_lazy("The private key in the file is encrypted with it.")
    )
    again = password_field(gettext_lazy("Password, again"))

    def __init__(self, *data: Any, **options: Any):
        super().__init__(*data, **options)
        say_what_is_missing(self)

    def clean(self) -> dict[str, Any]:
        first, second = self.cleaned_data.get("password"), self.cleaned_data.get("again")
        if first and second and first != second:
            self.add_error("again", _("The two passwords differ."))
        return self.cleaned_data
