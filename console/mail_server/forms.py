"""What is to be looked at, as people write it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console.crud.forms import ReadingForm
from console.crud.said import said
from console.mail_server import ports, queries, subjects
from transport.config.host_name import host_name
from transport.send import hosts

DOMAIN, SERVER = "domain", "server"
MONO = {"class": "mono", "autocomplete": "off", "spellcheck": "false"}


class SubjectForm(ReadingForm, forms.Form):
    """`host` and `port` of a server, or the name of a domain."""

    kind = forms.ChoiceField(
        label=_("Look at"),
        choices=[(DOMAIN, _("a domain and its mail servers")), (SERVER, _("one mail server"))],
        initial=DOMAIN,
        widget=forms.RadioSelect,
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=255,
        help_text=_("Such as contoso.com; of a server mail.contoso.com, 192.0.2.1 or 127.0.0.1:2525."),
        widget=forms.TextInput(MONO | {"list": "subjects"}),
    )
    selectors = forms.CharField(
        label=_("DKIM selectors"),
        required=False,
        max_length=320,
        help_text=_("Of a domain; separated by commas. Empty: those that sign here."),
        widget=forms.TextInput(MONO),
    )

    def clean_selectors(self) -> tuple[str, ...]:
        found: tuple[str, ...] = self.read("selectors", subjects.selectors)
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "name" in cleaned and "kind" in cleaned:
            try:
                read = subjects.domain if cleaned["kind"] == DOMAIN else subjects.server
                cleaned["host"], cleaned["port"] = read(cleaned["name"])
            except ValueError as error:
                self.add_error("name", said(str(error)))
        return cleaned


class OutsideForm(ReadingForm, forms.Form):
    """What a script has seen from outside."""

    host = forms.CharField(
        label=_("This server's name or address outside"), max_length=255, required=False, widget=forms.TextInput(MONO)
    )
    seen = forms.CharField(
        label=_("What the script printed"),
        required=False,
        max_length=ports.MOST_PASTED,
        widget=forms.Textarea(MONO | {"rows": 5}),
    )

    def __init__(self, *data: Any, **initial: Any):
        super().__init__(*data, **initial)
        self.fields["host"].initial = queries.public_name()

    def clean_host(self) -> str:
        found: str = self.read("host", lambda text: hosts.literal(text) or host_name(text) if text else "")
        return found or queries.public_name()

    def clean_seen(self) -> dict[int, bool]:
        text = self.cleaned_data["seen"]
        found = ports.seen_outside(text)
        if text.strip() and not found:
            raise forms.ValidationError(_t("No line of it says of a port that it is open or closed."))
        return found
