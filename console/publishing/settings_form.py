"""A form that follows from a settings table."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from console.crud.forms import Group, GroupedForm, TypedConfirmation, put_errors
from console.publishing.fields import KINDS, field_for, written
from console.publishing.settings_rows import STALE
from transport.config.kinds import Setting
from transport.config.setting import settings

NOT_ENFORCED = "Not enforced"


class SettingsForm(GroupedForm, TypedConfirmation, forms.Form):
    """Edits the settings `shown` of a struct. `changes` holds field → value of those after `is_valid()`.

    `now` is the struct as it is (None for a new object), `row` the database row whose version the editor saw.
    """

    struct: type[msgspec.Struct]
    shown: Collection[str] = ()
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *data: Any, now: msgspec.Struct | None = None, row: Any = None, **options: Any):
        initial = {"version": getattr(row, "version", None)}
        initial |= {name: getattr(now, name) for name in self.table()} if now is not None else self.values_at_first()
        super().__init__(*data, **{"initial": initial | options.pop("initial", {}), **options})
        self.now, self.row = now, row
        for name, setting in self.table().items():
            self.fields[name] = field_for(setting)
        if now is not None:
            self.defaults = self._defaults()

    @classmethod
    def table(cls) -> dict[str, Any]:
        """Field name → Setting of what this form shows."""
        every = settings(cls.struct)
        return {name: every[name] for name in cls.shown or every if KINDS[every[name].kind].field}

    @classmethod
    def values_at_first(cls) -> dict[str, Any]:
        """The defaults of a new object."""
        fields = msgspec.structs.fields(cls.struct)
        return {each.name: each.default for each in fields if each.default is not msgspec.NODEFAULT}

    def _defaults(self) -> dict[str, str]:
        table, values = self.table(), self.values_at_first()
        told = {name for name, each in table.items() if name in values and not each.read_only}
        told = {name for name in told if values[name] != "" and not isinstance(values[name], bool | frozenset | tuple)}
        return {name: written(table[name], values[name]) for name in told}

    @property
    def changes(self) -> dict[str, Any]:
        """Field → value, as entered; read-only settings of an existing object are left out."""
        table = {name: setting for name, setting in self.table().items() if name in self.fields}
        return {name: self.cleaned_data[name] for name in table if self.now is None or not table[name].read_only}

    @property
    def seen_version(self) -> int | None:
        return self.cleaned_data.get("version")

    def put(self, error: ValidationError) -> None:
        """Shows what an action raised: at the field, as names to type, or as a newer version to save over."""
        put_errors(self, error)
        self.refresh_version(error)

    def refresh_version(self, error: ValidationError) -> None:
        """After an error about a newer version the next save is meant to replace that one."""
        if getattr(error, "code", "") == STALE and self.row is not None:
            self.row.refresh_from_db()
            entered: Any = self.data
            self.data = entered = entered.copy()
            entered[self.add_prefix("version")] = str(self.row.version)


class SectionsForm(SettingsForm):
    """The settings of one section of a struct (of all, where none is named) under their headings.

    What is kept but obeyed by nothing stands closed at the end.
    """

    section: str = ""

    def __init_subclass__(cls) -> None:
        every = settings(cls.struct)
        cls.shown = [name for name, each in every.items() if cls.section in ("", each.section)]
        found: dict[str, list[str]] = {}
        for name, setting in cls.table().items():
            found.setdefault(NOT_ENFORCED if setting.not_enforced else cls._heading(setting), []).append(name)
        unused = found.pop(NOT_ENFORCED, [])
        cls.groups = [Group(title, names) for title, names in found.items()]
        if unused:
            kept = _("Kept for an import or an export.")
            cls.groups.append(Group(_(NOT_ENFORCED), unused, kept, closed=True))

    @classmethod
    def _heading(cls, setting: Setting) -> str:
        if cls.section:
            return setting.group
        return "" if setting.section == "General" else setting.section


def form_of(table: type[msgspec.Struct], only: str = "") -> type[SectionsForm]:
    """The form of a struct, or of one section of it, which needs nothing of its own."""

    class Form(SectionsForm):
        struct, section = table, only

    return Form


class SeveralForm(SettingsForm):
    """Some settings of several objects: `wanted` holds those that are ticked."""

    def __init__(self, *data: Any) -> None:
        super().__init__(*data)
        for name in self.table():
            tick = forms.BooleanField(required=False, label=_("Change"))
            self.fields[f"{CHANGES}{name}"] = tick
            self.fields[name].required = False

    def pairs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Each box with the setting that it is for."""
        return [(self[f"{CHANGES}{name}"], self[name]) for name in self.table()]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        ticked = {name for name in self.table() if cleaned.get(f"{CHANGES}{name}")}
        for name in self.table().keys() - ticked:
            self.errors.pop(name, None)
        if not ticked:
            raise ValidationError(_("Tick what is to be changed."))
        self.wanted = {name: cleaned[name] for name in self.table() if name in ticked and name in cleaned}
        return cleaned


CHANGES = "change_"


def several_form(table: type[msgspec.Struct], only: Collection[str]) -> type[SeveralForm]:
    """The form that changes some settings of several objects."""

    class Form(SeveralForm):
        struct, shown = table, only

    return Form


def copy_form(table: type[msgspec.Struct], asked: Collection[str]) -> type[SettingsForm]:
    """The form of what a copy has of its own."""

    class Form(SettingsForm):
        struct, shown = table, asked

    return Form
