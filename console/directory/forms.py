from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.crud.meanwhile import Meanwhile
from console.directory.models import Recipient
from console.directory.recipient_list import NAME_CHARACTERS

LARGEST_LIST = 64 * 1024 * 1024
EXAMPLE = "anna@contoso.com,Anna Berg\nbob@contoso.com"


class RecipientForm(Meanwhile, forms.Form):
    """Add a recipient, or change its display name. Addresses are parsed by the action."""

    address = forms.CharField(
        label=gettext_lazy("Address"),
        help_text=gettext_lazy("For example anna@contoso.com."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}),
    )
    display_name = forms.CharField(
        label=gettext_lazy("Display name"), required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, data: Any = None, files: Any = None, instance: Recipient | None = None) -> None:
        given = {"address": instance.address, "display_name": instance.display_name} if instance else None
        super().__init__(data, files, initial=given)
        self.instance = instance
        if instance:
            self.watch()
            self.fields["address"].disabled = True
            self.fields["address"].help_text = _("An address never changes. Remove the recipient and add another.")
        self.fields["display_name"].help_text = _("Up to %d characters.") % NAME_CHARACTERS


class ImportForm(forms.Form):
    """A list as a file or as text."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        help_text=gettext_lazy("CSV or plain text, up to 64 MB."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv,text/plain"}),
    )
    text = forms.CharField(
        label=gettext_lazy("Or paste the list"),
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 12, "spellcheck": "false", "class": "mono", "wrap": "off", "placeholder": EXAMPLE}
        ),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > LARGEST_LIST:
            raise ValidationError(_("This file is larger than 64 MB. Split it."))
        return file

    def clean(self) -> dict[str, Any]:
        file, text = self.cleaned_data.get("file"), self.cleaned_data.get("text", "").strip()
        if not self.errors and not file and not text:
            raise ValidationError({"file": _("Choose a file, or paste the list below.")})
        if file and text:
            raise ValidationError({"text": _("Give either a file or a pasted list, not both.")})
        return self.cleaned_data

    def source(self) -> tuple[str, bytes]:
        """(name, content) of a valid form."""
        file = self.cleaned_data["file"]
        if file:
            return file.name, file.read()
        return _("pasted list"), self.cleaned_data["text"].encode()
