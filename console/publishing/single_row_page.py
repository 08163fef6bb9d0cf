"""A page that is one form: settings of which there is one row."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from console.crud.access import RoleRequired
from console.crud.forms import put_errors, status_of
from console.crud.meanwhile import say_saved
from console.crud.said import said, small
from console.publishing.models import SingleRow
from console.publishing.published import kind_of
from console.publishing.rows import struct_of
from console.publishing.settings_form import SectionsForm
from console.publishing.single_row import SingleSettings


class SingleRowPage(RoleRequired):
    """A subclass says which form and how it is saved."""

    shows_commands = keeps_entries = True
    form_class: type[SectionsForm]
    template: str

    def row(self) -> SingleRow:
        return SingleSettings(kind_of(self.form_class.struct)).row()

    def save(self, wanted: Any, version: int | None) -> None:
        raise NotImplementedError

    def title(self) -> str:
        return said(kind_of(self.form_class.struct).noun)

    def saved(self) -> str:
        """What the reader hears then."""
        return _("The %s is saved.") % small(self.title())

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(self.form())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form(request.POST)
        if form.is_valid() and not self.looking:
            try:
                self.save(self.form_class.struct(**form.changes), form.seen_version)
            except ValidationError as error:
                put_errors(form, error)
            else:
                say_saved(request, self.saved(), form)
                return redirect(request.path)
        return self.show(form)

    def form(self, *data: Any) -> SectionsForm:
        row = self.row()
        return self.form_class(*data, now=struct_of(row, self.form_class.struct), row=row)

    def show(self, form: SectionsForm) -> HttpResponse:
        context = {
            "title": self.title(),
            "form": form,
            "now": form.now,
            "may_write": self.may_write,
            "cancel_url": reverse("overview:home"),
            **self.more(),
        }
        return render(self.request, self.template, context, status=status_of(form))

    def more(self) -> dict[str, Any]:
        """What a template needs besides the form."""
        return {}
