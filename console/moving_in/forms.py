"""The forms of the pages of the import."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.moving_in.reading import LARGEST


class ManyFiles(forms.ClearableFileInput):
    """One control, several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """A list of files, each as the browser sent it."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) else [data] if data else []
        found = [super(FilesField, self).clean(each, initial) for each in files]
        if sum(each.size for each in found) > LARGEST:
            raise ValidationError(_("These files are larger than 64 MB together. Hand in some of them first."))
        return found


class HandInForm(forms.Form):
    """Exports as files or as text."""

    files = FilesField(  # type: ignore[assignment]  # a field is no attribute of the form
        label=gettext_lazy("Files"),
        required=False,
        help_text=gettext_lazy("One or several, up to 64 MB."),
        widget=ManyFiles(
            attrs={"accept": ".xml,.clixml,.json,.csv,.txt,text/xml,application/json,text/csv,text/plain"}
        ),
    )
    text = forms.CharField(
        label=gettext_lazy("Or paste one"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "class": "mono", "wrap": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        if not self.errors and not self.cleaned_data["files"] and not self.cleaned_data["text"].strip():
            raise ValidationError({"files": _("Choose files, or paste an export below.")})
        return self.cleaned_data

    def sources(self) -> list[tuple[str, bytes]]:
        """(name, content) of each; of a valid form."""
        files = [(each.name, each.read()) for each in self.cleaned_data["files"]]
        text = self.cleaned_data["text"]
        return [*files, *([(_("pasted text"), text.encode("utf-8", "replace"))] if text.strip() else [])]
