"""The pages of objects that are edited by a settings table."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from enum import Enum
from typing import Any

import msgspec
from django.core.exceptions import ValidationError

from console.crud import LINES, TEXT, CrudView
from console.crud.columns import written
from console.publishing.actions import change
from console.publishing.fields import lines
from console.publishing.rows import struct_of
from console.publishing.settings_form import SettingsForm
from transport.config.kinds import Setting
from transport.config.setting import defaults, settings


class SettingsPages(CrudView):
    """The details pane ends with every setting that is not as usual and has no line of its own.

    `told`: the fields that columns and details tell, in other words than the table's.
    """

    struct: type[msgspec.Struct]
    told: Collection[str] = ()

    def make_form(self, obj: Any = None) -> SettingsForm:
        data = (self.request.POST,) if self.request.method == "POST" else ()
        made: SettingsForm = self.form_class(*data, now=struct_of(obj, self.struct) if obj else None, row=obj)
        return made

    def put(self, form: Any, error: ValidationError) -> None:
        if isinstance(form, SettingsForm):
            form.put(error)
        else:
            super().put(form, error)

    def together(self, what: str) -> AbstractContextManager[Any]:
        """One revision."""
        return change(self.actor, what, self.confirmed)

    def details_context(self, selected: Any) -> dict[str, Any]:
        context = super().details_context(selected)
        if selected is not None:
            context["details"] += self._rest(struct_of(selected, self.struct))
        return context

    def _rest(self, now: msgspec.Struct) -> list[tuple[str, str]]:
        told = {*self.told, *(each.source for each in (*self.columns, *self.details))}
        usual = defaults(self.struct)
        rest = {field: each for field, each in settings(self.struct).items() if field not in told}
        return [
            (each.label, _told(each, getattr(now, field)))
            for field, each in rest.items()
            if getattr(now, field) != usual[field]
        ]


def _told(setting: Setting, value: object) -> str:
    """As safe HTML: what has words for people is a text, all else technical."""
    words = lines(setting, value)
    return written(", ".join(words), TEXT) if isinstance(value, bool | Enum | frozenset) else written(words, LINES)
