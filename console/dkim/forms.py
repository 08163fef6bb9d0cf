"""The form of new keys."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from console.crud.said import later
from console.dkim import queries
from transport.send.dkim import Algorithm


class KeyForm(forms.Form):
    """A domain, and which kinds of keys."""

    domain = forms.ChoiceField(
        label=_("Domain"),
        help_text=_(
            "An accepted domain. Its subdomains sign with the same key. Keys that sign already go on until new ones do."
        ),
        error_messages={"required": _("Choose the domain.")},
    )
    algorithms = forms.TypedMultipleChoiceField(
        label=_("Keys"),
        choices=[(each.value, later(each.label)) for each in Algorithm],
        coerce=Algorithm,
        initial=[each.value for each in Algorithm],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Both: each message gets two signatures, and receivers that know no Ed25519 use the other one."),
        error_messages={"required": _("Choose at least one kind.")},
    )

    def __init__(self, *data: Any, **options: Any) -> None:
        super().__init__(*data, **options)
        field = self.fields["domain"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(name, name) for name in queries.domains()]
