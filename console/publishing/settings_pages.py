"""The pages of objects that are edited by a settings table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from enum import Enum
from typing import Any

import msgspec
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from msgspec.structs import replace

from console.crud import LINES, TEXT, CrudView, Page, put_errors
from console.crud.columns import written
from console.crud.forms import status_of
from console.crud.said import said
from console.crud.tags import ask_for_tags
from console.publishing.actions import change
from console.publishing.fields import lines
from console.publishing.published import kind_of
from console.publishing.rows import struct_of
from console.publishing.settings_form import SettingsForm, copy_form, several_form
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

    @property
    def history_noun(self) -> str:
        return kind_of(self.struct).noun

    def together(self, what: str) -> AbstractContextManager[Any]:
        """One revision."""
        return change(self.actor, what, self.confirmed)

    def edit_several(self, objects: list[Any]) -> HttpResponse:
        """Only what is ticked is changed."""
        counted = {"count": len(objects), "plural": self.plural if len(objects) > 1 else self.noun}
        form = several_form(self.struct, self.shared)(*self._posted)
        if form.is_valid():
            try:
                with change(self.actor, _("%(count)d %(plural)s changed") % counted, form.typed):
                    for obj in objects:
                        self.change(obj, form.wanted)
            except ValidationError as error:
                put_errors(form, error)
            else:
                messages.success(self.request, _("%(count)d %(plural)s: changed.") % counted)
                return redirect(self.here)
        title = _("Edit %(count)d %(plural)s") % counted
        named = written([self.name_of(obj) for obj in objects], LINES)
        return self._show(form, title, "crud/edit_several.html", self.here, named=named)

    def copy(self, obj: Any) -> HttpResponse:
        """Where `copied` says what must differ, that alone is asked for."""
        if not self.copied:
            return super().copy(obj)
        before = struct_of(obj, self.struct)
        form = copy_form(self.struct, self.copied)(*self._posted, now=before)
        if self.is_tagged:
            ask_for_tags(form, obj)
        if form.is_valid():
            try:
                with transaction.atomic():
                    made = self.create(replace(before, **form.changes), form.typed)
                    self.put_tags([made], form.cleaned_data)
            except ValidationError as error:
                put_errors(form, error)
            else:
                messages.success(self.request, self.saved_message(made))
                return redirect(self.after(made))
        return self._show(form, _("Copy %s") % self.name_of(obj), "crud/form.html", self.after(obj))

    @property
    def _posted(self) -> tuple[Any, ...]:
        return (self.request.POST,) if self.request.method == "POST" else ()

    def _show(self, form: Any, title: str, template: str, cancel_url: str, **more: Any) -> HttpResponse:
        context = {"view": self, "form": form, "title": title, "cancel_url": cancel_url}
        context["crumbs"] = [(self.heading_text, self.url(Page.LIST))]
        return render(self.request, template, context | more, status=status_of(form))

    def change(self, obj: Any, changes: Mapping[str, Any]) -> None:
        """Writes settings of one of several objects."""
        raise NotImplementedError

    def create(self, struct: Any, confirmed: Collection[str]) -> Any:
        """Writes a copy; `confirmed`: the names that were typed."""
        raise NotImplementedError

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
            (said(each.label), _told(each, getattr(now, field)))
            for field, each in rest.items()
            if getattr(now, field) != usual[field]
        ]


def _told(setting: Setting, value: object) -> str:
    """As safe HTML: what has words for people is a text, all else technical."""
    words = lines(setting, value)
    return written(", ".join(words), TEXT) if isinstance(value, bool | Enum | frozenset) else written(words, LINES)
