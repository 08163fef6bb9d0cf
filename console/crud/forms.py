"""What forms can mix in: groups of fields, defaults that stay visible, a name that must be typed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.crud.tags import FIELD


@dataclass(frozen=True)
class Group:
    """Fields under one heading. An empty title gives no heading; a closed group opens when the reader asks for it."""

    title: str | Promise
    fields: Sequence[str]
    help: str | Promise = ""
    closed: bool = False


class ReadingForm(forms.BaseForm):
    """Mixin for fields whose text a function of the transport reads."""

    def read(self, name: str, reader: Callable[[str], Any]) -> Any:
        """What the function makes of what was entered; what it refuses is said at the field."""
        try:
            return reader(self.cleaned_data[name])
        except ValueError as error:
            raise ValidationError(str(error)) from None


class GroupedForm(forms.BaseForm):
    """Mixin. `groups` orders the fields; `defaults` maps a field's name to its default as the field shows it."""

    groups: Sequence[Group] = ()
    defaults: dict[str, str] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields([name for group in self.groups for name in group.fields])
        say_what_is_missing(self)

    def grouped(self) -> Iterator[tuple[Group, list[forms.BoundField]]]:
        for group in self.groups:
            if fields := [self[name] for name in group.fields if name in self.fields]:
                yield group, fields
        if FIELD in self.fields:
            yield Group("", [FIELD]), [self[FIELD]]


class TypedConfirmation(forms.BaseForm):
    """Mixin for what strangers could misuse: the form is valid only once every name has been typed.

    Call `require_names` when there is danger; `dangers` then maps each name to what would follow.
    """

    dangers: Mapping[str, str] = {}

    def is_valid(self) -> bool:
        return super().is_valid() and set(self.dangers) <= self.typed

    def require_names(self, dangers: Mapping[str, str], check: bool = True) -> None:
        """Adds a field for each name, and its error unless the name was typed into it; none where the reader is asked
        for the first time.
        """
        self.dangers = dangers
        for field, name in zip(self._places(), dangers, strict=False):
            box = forms.TextInput({"autocomplete": "off", "hx-preserve": "true"})
            self.fields[field] = forms.CharField(label=_("Type “%s” to confirm") % name, widget=box)
            typed = self.data.get(self.add_prefix(field))
            if check and typed is not None and typed.strip() != name:
                self.add_error(field, _("Type the name “%s” exactly as it stands here.") % name)

    @property
    def typed(self) -> set[str]:
        """What was typed as confirmation."""
        start = self.add_prefix("confirmation")
        return {str(value).strip() for name, value in self.data.items() if name.startswith(start)}

    @property
    def confirmations(self) -> list[tuple[str, forms.BoundField]]:
        """(what would follow, the field of its name)."""
        return [(danger, self[field]) for field, danger in zip(self._places(), self.dangers.values(), strict=False)]

    def _places(self) -> Iterator[str]:
        yield "confirmation"
        yield from (f"confirmation-{number}" for number in count(2))


class Confirmation(TypedConfirmation, forms.Form):
    """Nothing but the names that must be typed."""


def status_of(form: Any) -> int:
    """Of a page with this form: 422 while something stands in the way of saving it."""
    return 422 if form.errors or getattr(form, "dangers", None) else 200


def say_what_is_missing(form: forms.BaseForm) -> None:
    """An empty required field says "Enter the port." instead of Django's "This field is required."."""
    for name, field in form.fields.items():
        if field.error_messages.get("required") != forms.Field.default_error_messages["required"]:
            continue
        label = str(field.label or name.replace("_", " "))
        label = label if label.isupper() else label[:1].lower() + label[1:]
        choice = isinstance(field, forms.ChoiceField)
        field.error_messages["required"] = (_("Choose the %s.") if choice else _("Enter the %s.")) % label


class NewPassword(forms.Form):
    """Mixin of a password typed twice."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("At least 12 characters; a few words in a row are good."),
    )
    again = forms.CharField(
        label=gettext_lazy("Password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_again(self) -> str:
        if self.cleaned_data["again"] != self.cleaned_data.get("password", self.cleaned_data["again"]):
            raise ValidationError(_("The two passwords differ. Type the same one twice."))
        return str(self.cleaned_data["again"])


def put_errors(form: forms.BaseForm, error: ValidationError) -> None:
    """Puts what an action raised on the form: at the field it names if the form has it, else on top; names that must be
    typed as fields of their own.
    """
    if isinstance(form, TypedConfirmation) and hasattr(error, "dangers"):
        form.require_names(error.dangers)
        return
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        known = name in form.fields and name != NON_FIELD_ERRORS
        form.add_error(name if known else None, errors)
