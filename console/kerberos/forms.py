"""The form of a keytab."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.kerberos.models import Keytab

LARGEST = 64 * 1024


class KeytabForm(forms.Form):
    """A name and a file; of a keytab that is here already, a newer file."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=64, help_text=gettext_lazy("How it is called in lists here.")
    )
    file = forms.FileField(
        label=gettext_lazy("Keytab"),
        help_text=gettext_lazy(
            "Made with ktpass (Active Directory) or kadmin (MIT) for smtp/ and the host name that clients connect to. "
            "It is kept encrypted, and every transport gets it."
        ),
        widget=forms.FileInput({"accept": ".keytab,.ktab,.kt"}),
        error_messages={
            "required": gettext_lazy("Choose the keytab file."),
            "empty": gettext_lazy("This file is empty."),
        },
    )

    def __init__(self, data: Any = None, files: Any = None, instance: Keytab | None = None) -> None:
        self.instance = instance
        super().__init__(data, files, initial={"name": instance.name} if instance else None)
        self.fields["name"].error_messages["required"] = _("Enter the name.")
        if instance:
            self.fields["name"].disabled = True

    def clean_file(self) -> bytes:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise ValidationError(_("This file is larger than 64 KB: it is no keytab."))
        return bytes(file.read())
