"""What forms can mix in: groups of fields, defaults that stay visible, a name that must be typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Group:
    """Fields under one heading. An empty title gives no heading; a closed group opens when the reader asks for it."""

    title: str | Promise
    fields: Sequence[str]
    help: str | Promise = ""
    closed: bool = False


class GroupedForm:
    """Mixin. `groups` orders the fields; `defaults` maps a field's name to its default as the field shows it."""

    groups: Sequence[Group] = ()
    defaults: dict[str, str] = {}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.order_fields([name for group in self.groups for name in group.fields])
        say_what_is_missing(self)

    def grouped(self) -> Iterator[tuple[Group, list[forms.BoundField]]]:
        for group in self.groups:
            yield group, [self[name] for name in group.fields if name in self.fields]


class TypedConfirmation:
    """Mixin for what strangers could misuse: the form is valid only once a name has been typed.

    Call `require_name` in `clean()` when there is danger. `danger` then says what would follow.
    """

    danger: str = ""
    name_to_type: str = ""

    def require_name(self, name: str, danger: str) -> None:
        """Adds the field, and its error unless `name` was typed into it."""
        self.ask_for_name(name, danger)
        if self.data.get(self.add_prefix("confirmation"), "").strip() != name:
            self.add_error("confirmation", _("Type the name “%s” exactly as it stands here.") % name)

    def ask_for_name(self, name: str, danger: str) -> None:
        self.name_to_type, self.danger = name, danger
        self.fields["confirmation"] = forms.CharField(label=_("Type “%s” to confirm") % name)


def say_what_is_missing(form: forms.BaseForm) -> None:
    """An empty required field says "Enter the port." instead of Django's "This field is required."."""
    for name, field in form.fields.items():
        if field.error_messages.get("required") != forms.Field.default_error_messages["required"]:
            continue
        label = str(field.label or name.replace("_", " "))
        label = label if label.isupper() else label[:1].lower() + label[1:]
        choice = isinstance(field, forms.ChoiceField)
        field.error_messages["required"] = (_("Choose the %s.") if choice else _("Enter the %s.")) % label


class ConfirmRemoval(TypedConfirmation, forms.Form):
    """The form of a removal that asks for a name from the start."""

    def __init__(self, *args, name: str, danger: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.ask_for_name(name, danger)

    def clean_confirmation(self):
        if self.cleaned_data["confirmation"] != self.name_to_type:
            raise ValidationError(_("Type the name “%s” exactly as it stands here.") % self.name_to_type)
        return self.name_to_type


class TypedNames(forms.Form):
    """Asks for the name of each object through which strangers could do harm afterwards; `typed` are those entered."""

    def ask(self, dangers: Mapping[str, str], check: bool = True) -> None:
        """`dangers`: name → what would follow. An error at each that was not typed, unless nothing was sent yet."""
        for place, (name, danger) in enumerate(dangers.items()):
            label = _("Type “%s” to confirm") % name
            self.fields[f"confirmation-{place}"] = forms.CharField(label=label, help_text=danger)
            if check and self.data.get(f"confirmation-{place}", "").strip() != name:
                self.add_error(f"confirmation-{place}", _("Type the name “%s” exactly as it stands here.") % name)

    @property
    def typed(self) -> set[str]:
        return {str(value).strip() for name, value in self.data.items() if name.startswith("confirmation-")}


def put_errors(form: forms.BaseForm, error: ValidationError) -> None:
    """Puts what an action raised on the form: at the field it names if the form has it, else on top."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, errors in error.error_dict.items():
        known = name in form.fields and name != NON_FIELD_ERRORS
        form.add_error(name if known else None, errors)
