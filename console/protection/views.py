from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from console.crud.access import RoleRequired
from console.directory import queries as directory
from console.protection import actions, queries
from console.protection.forms import RecipientFilterForm
from console.publishing.rows import struct_of
from transport.config.filters import RecipientFilter


class RecipientFilterPage(RoleRequired):
    """One page, one form."""

    writers = actions.WRITERS

    def get(self, request: HttpRequest) -> HttpResponse:
        row = queries.recipient_filter()
        return self.show(RecipientFilterForm(now=struct_of(row, RecipientFilter), row=row))

    def post(self, request: HttpRequest) -> HttpResponse:
        row = queries.recipient_filter()
        form = RecipientFilterForm(request.POST, now=struct_of(row, RecipientFilter), row=row)
        if form.is_valid():
            try:
                actions.set_recipient_filter(self.actor, RecipientFilter(**form.changes), form.seen_version)
            except ValidationError as error:
                form.put(error)
            else:
                messages.success(request, _("The recipient filter is saved."))
                return redirect(request.path)
        return self.show(form)

    def show(self, form: RecipientFilterForm) -> HttpResponse:
        context = {
            "title": _("Recipient filter"),
            "form": form,
            "on": form.now.recipient_validation_enabled,
            "may_write": self.may_write,
            "listed": directory.listed().exists(),
            "cancel_url": reverse("overview:home"),
        }
        return render(self.request, "protection/recipient_filter.html", context, status=422 if form.errors else 200)
