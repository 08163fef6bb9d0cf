"""A form that follows from a settings table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from console.crud.forms import Group, GroupedForm, TypedConfirmation
from console.crud.meanwhile import CHOICE, Meanwhile
from console.crud.said import later
from console.crud.tags import FIELD
from console.publishing.fields import KINDS, field_for, written
from transport.config.kinds import Setting
from transport.config.setting import defaults, sections, settings

NOT_ENFORCED = "Not enforced"


class SettingsForm(Meanwhile, GroupedForm, TypedConfirmation, forms.Form):
    """Edits the settings `shown` of a struct. `changes` holds field → value of those after `is_valid()`.

    `now` is the struct as it is (None for a new object), `row` the database row that says so.
    """

    struct: type[msgspec.Struct]
    shown: Collection[str] = ()

    def __init__(self, *data: Any, now: msgspec.Struct | None = None, row: Any = None, **options: Any):
        initial = {name: getattr(now, name) for name in self.table()} if now is not None else self.values_at_first()
        super().__init__(*data, **{"initial": initial | options.pop("initial", {}), **options})
        self.now, self.row = now, row
        for name, setting in self.table().items():
            self.fields[name] = field_for(setting)
        if now is not None:
            self.defaults = self._defaults()
            self.watch()

    @classmethod
    def table(cls) -> dict[str, Any]:
        """Field name → Setting of what this form shows."""
        every = settings(cls.struct)
        return {name: every[name] for name in cls.shown or every if KINDS[every[name].kind].field}

    @classmethod
    def values_at_first(cls) -> dict[str, Any]:
        """The defaults of a new object."""
        return {name: value for name, value in defaults(cls.struct).items() if value is not msgspec.NODEFAULT}

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
        """The version that the entries were merged with."""
        return getattr(self.row, "version", None)


class SectionsForm(SettingsForm):
    """The settings of one section of a struct (of all, where none is named) under their headings.

    What is kept but obeyed by nothing stands closed at the end.
    """

    section: str = ""

    def __init_subclass__(cls) -> None:
        if not hasattr(cls, "struct"):
            return
        every = settings(cls.struct)
        cls.shown = [name for name, each in every.items() if cls.section in ("", each.section)]
        cls.groups = _groups(cls.table(), bool(cls.section))


class TabbedForm(SectionsForm):
    """All the settings of a struct; each section stands on a tab of its own, and all tabs are saved together."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not hasattr(cls, "struct"):
            return
        table = cls.table()
        on_tabs = {section: {n: each for n, each in table.items() if each.section == section} for section in cls.tabs()}
        cls.grouped_on = {section: _groups(those, within=True) for section, those in on_tabs.items()}

    grouped_on: Mapping[str, list[Group]] = {}

    @classmethod
    def tabs(cls) -> list[str]:
        return list(sections(cls.struct))

    def on_tab(self, section: str) -> list[tuple[Group, list[forms.BoundField]]]:
        """The groups of a tab, each with its fields."""
        found = [
            (group, [self[name] for name in group.fields if name in self.fields]) for group in self.grouped_on[section]
        ]
        if section == self.tabs()[0] and FIELD in self.fields:
            found.append((Group("", [FIELD]), [self[FIELD]]))
        return [(group, fields) for group, fields in found if fields]

    def wrong_on(self, section: str) -> bool:
        """Whether an error stands on a tab."""
        names = {bound.name for _group, fields in self.on_tab(section) for bound in fields}
        return any(name.removeprefix(CHOICE) in names for name in self.errors)


def _groups(table: Mapping[str, Setting], within: bool) -> list[Group]:
    """Settings under their headings, those of one section or, with the sections as headings, of all."""
    found: dict[str, list[str]] = {}
    for name, setting in table.items():
        heading = setting.group if within else setting.section.removeprefix("General")
        found.setdefault(NOT_ENFORCED if setting.not_enforced else heading, []).append(name)
    unused = found.pop(NOT_ENFORCED, [])
    groups = [Group(later(title), names) for title, names in found.items()]
    kept = _("Kept for an import or an export.")
    return [*groups, *([Group(_("Not enforced"), unused, kept, closed=True)] if unused else [])]


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
