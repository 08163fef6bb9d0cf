"""The forms of an account at an authority, and of what is ordered there. What is secret is never shown again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.acme.checks import ALGORITHMS, LONGEST_NAME, LONGEST_ROOT, LONGEST_TEXT, LONGEST_URL, Wanted, WantedAccount
from console.acme.models import Account, Challenge, ManagedCertificate
from console.acme.presets import DIRECTORIES
from console.certificates import keys
from console.crud.forms import Group, GroupedForm
from console.crud.meanwhile import Meanwhile
from transport.config.host_name import host_name

PLAIN = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}
OTHER = ""
KEPT = gettext_lazy("Leave empty to keep the one that is here")


def _text(label: Any, help_text: Any = "", longest: int = LONGEST_TEXT, needed: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, max_length=longest, required=needed, widget=forms.TextInput(attrs=PLAIN)
    )


def _secret(label: Any, help_text: Any = "") -> forms.CharField:
    widget = forms.PasswordInput({"autocomplete": "new-password"})
    return forms.CharField(label=label, help_text=help_text, max_length=2000, required=False, widget=widget)


class AccountForm(Meanwhile, GroupedForm, forms.Form):
    """An account at an authority that speaks ACME."""

    name = _text(gettext_lazy("Name"), gettext_lazy("How it is called in lists here."), LONGEST_NAME, True)
    authority = forms.ChoiceField(
        label=gettext_lazy("Authority"),
        choices=[*DIRECTORIES, (OTHER, gettext_lazy("Another one: its directory below"))],
        widget=forms.RadioSelect,
        initial=DIRECTORIES[0][0],
        required=False,
    )
    directory = _text(
        gettext_lazy("Directory"),
        gettext_lazy("The address that the authority names, such as https://ca.contoso.com/acme/directory."),
        LONGEST_URL,
    )
    contact = _text(
        gettext_lazy("Contact"), gettext_lazy("Addresses that the authority may write to; several with blanks.")
    )
    agreed = forms.BooleanField(label=gettext_lazy("I agree to the authority’s terms of service"), required=False)
    eab_key_id = _text(gettext_lazy("Key ID"))
    eab_key = _secret(gettext_lazy("HMAC key"), gettext_lazy("Kept encrypted; no page shows it again."))
    trusted_root = forms.CharField(
        label=gettext_lazy("Trusted root"),
        required=False,
        max_length=LONGEST_ROOT,
        help_text=gettext_lazy("The certificate (PEM) that vouches for the directory’s host, instead of the system’s."),
        widget=forms.Textarea({"rows": 4, "class": "mono", **PLAIN}),
    )
    groups = [
        Group("", ["name", "authority", "directory", "contact", "agreed"]),
        Group(
            gettext_lazy("External account binding"),
            ["eab_key_id", "eab_key"],
            gettext_lazy("What ZeroSSL and many a company’s authority give for an account that is there already."),
            closed=True,
        ),
        Group(gettext_lazy("A private authority"), ["trusted_root"], closed=True),
    ]

    def __init__(self, *data: Any, instance: Account | None = None):
        self.instance = instance
        known = dict(DIRECTORIES)
        initial = vars(instance) | {"authority": instance.directory} if instance else None
        if instance and initial and instance.directory not in known:
            initial["authority"] = OTHER
        elif initial:
            initial["directory"] = ""
        super().__init__(*data, initial=initial)
        if instance:
            self.watch()
            self.fields["name"].disabled = True
            del self.fields["agreed"]
            if instance.encrypted_eab:
                self.fields["eab_key"].widget.attrs["placeholder"] = KEPT

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if not given.get("authority") and not given.get("directory"):
            self.add_error("directory", _("Enter the directory, or choose an authority."))
        return given

    @property
    def wanted(self) -> WantedAccount:
        given = self.cleaned_data
        return WantedAccount(
            directory=given["authority"] or given["directory"].strip(), contact=given["contact"].strip(),
            trusted_root=given["trusted_root"].strip(), eab_key_id=given["eab_key_id"].strip(),
        )  # fmt: skip


class NamesField(forms.CharField):
    """Host names, one each line."""

    def clean(self, value: Any) -> list[str]:
        lines = [line.strip() for line in super().clean(value).replace(",", "\n").splitlines() if line.strip()]
        try:
            return list(dict.fromkeys(host_name(line) for line in lines))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value


class ManagedForm(Meanwhile, GroupedForm, forms.Form):
    """What is ordered."""

    name = _text(
        gettext_lazy("Name"),
        gettext_lazy("How the certificate is called in lists here. One that has this name is replaced by it."),
        LONGEST_NAME,
        True,
    )
    names = NamesField(
        label=gettext_lazy("Host names"),
        help_text=gettext_lazy("One each line, the most important first: your connectors' FQDN, the MX name."),
        widget=forms.Textarea({"rows": 4, "class": "mono", **PLAIN}),
        error_messages={"required": gettext_lazy("Enter at least one host name, such as mail.contoso.com.")},
    )
    account = forms.ModelChoiceField(
        Account.objects.order_by("name"), label=gettext_lazy("Account"), empty_label=None,
        error_messages={"required": gettext_lazy("Choose the account; if there is none, make it first.")},
    )  # fmt: skip
    challenge = forms.ChoiceField(
        label=gettext_lazy("How names are proved"), choices=Challenge.choices, widget=forms.RadioSelect,
        initial=Challenge.HTTP,
    )  # fmt: skip
    dns_server = _text(gettext_lazy("DNS server"), gettext_lazy("Its address, with a port: 192.0.2.53:53."))
    dns_zone = _text(gettext_lazy("Zone"), gettext_lazy("The zone of the records, such as contoso.com."))
    tsig_name = _text(gettext_lazy("Name of the TSIG key"), gettext_lazy("Empty: the server asks for none."))
    tsig_algorithm = forms.ChoiceField(
        label=gettext_lazy("Algorithm"), choices=[(each, each) for each in ALGORITHMS], required=False
    )
    tsig_secret = _secret(gettext_lazy("Secret"), gettext_lazy("In Base64. Kept encrypted; no page shows it again."))
    hook = _text(gettext_lazy("Hook"), gettext_lazy("Its name in dns-hooks.toml of the machines with workers."), 64)
    key_type = forms.ChoiceField(label=gettext_lazy("Key"), choices=keys.KINDS, initial=keys.P256)
    keep_key = forms.BooleanField(
        label=gettext_lazy("Keep the key when it is renewed"), required=False,
        help_text=gettext_lazy("So TLSA records 3 1 1 in DNS (DANE) hold for every renewal."),
    )  # fmt: skip
    preferred_chain = _text(
        gettext_lazy("Preferred chain"),
        gettext_lazy("Where the authority offers several: a part of the name of who signs, such as ISRG Root X1."),
    )
    groups = [
        Group("", ["name", "names", "account", "challenge"]),
        Group(
            gettext_lazy("Dynamic update of DNS"),
            ["dns_server", "dns_zone", "tsig_name", "tsig_algorithm", "tsig_secret"],
            closed=True,
        ),
        Group(gettext_lazy("A command that sets the record"), ["hook"], closed=True),
        Group(gettext_lazy("Key and chain"), ["key_type", "keep_key", "preferred_chain"], closed=True),
    ]

    def __init__(self, *data: Any, instance: ManagedCertificate | None = None):
        self.instance = instance
        initial = vars(instance) | {"account": instance.account_id} if instance else None
        super().__init__(*data, initial=initial)
        if instance:
            self.watch()
            self.fields["name"].disabled = True
            if instance.encrypted_tsig:
                self.fields["tsig_secret"].widget.attrs["placeholder"] = KEPT

    @property
    def wanted(self) -> Wanted:
        given = {name: value for name, value in self.cleaned_data.items() if name in Wanted.__dataclass_fields__}
        texts = {name: value.strip() for name, value in given.items() if isinstance(value, str)}
        return Wanted(**{**given, **texts})
