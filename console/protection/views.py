from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from console.crud.access import RoleRequired
from console.directory import queries as directory
from console.protection import actions, queries
from console.protection.forms import FilterForm, RecipientFilterForm, SenderFilterForm
from console.publishing.rows import struct_of


class FilterPage(RoleRequired):
    """One page, one form: the settings of a filter."""

    writers = actions.WRITERS
    form_class: type[FilterForm]
    template: str

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(self.form())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form(request.POST)
        if form.is_valid():
            try:
                actions.set_filter(self.actor, self.form_class.struct(**form.changes), form.seen_version)
            except ValidationError as error:
                form.put(error)
            else:
                messages.success(request, _("The %s is saved.") % self.title().lower())
                return redirect(request.path)
        return self.show(form)

    def form(self, *data: Any) -> FilterForm:
        row = queries.filter_settings(self.form_class.struct)
        return self.form_class(*data, now=struct_of(row, self.form_class.struct), row=row)

    def title(self) -> str:
        return _(actions.KINDS[self.form_class.struct])

    def show(self, form: FilterForm) -> HttpResponse:
        context = {
            "title": self.title(),
            "form": form,
            "now": form.now,
            "may_write": self.may_write,
            "cancel_url": reverse("overview:home"),
            **self.more(),
        }
        return render(self.request, self.template, context, status=422 if form.errors else 200)

    def more(self) -> dict[str, Any]:
        """What a template needs besides the form."""
        return {}


class RecipientFilterPage(FilterPage):
    form_class, template = RecipientFilterForm, "protection/recipient_filter.html"

    def more(self) -> dict[str, Any]:
        return {"listed": directory.listed().exists()}


class SenderFilterPage(FilterPage):
    form_class, template = SenderFilterForm, "protection/sender_filter.html"
