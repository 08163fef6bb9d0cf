"""The form of a new or an existing object."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from console.crud.forms import put_errors, status_of
from console.crud.kind import Kind, Page
from console.crud.meanwhile import say_saved


class FormPage(Kind):
    keeps_entries = True

    def show_form(self, obj: Any, form: Any = None) -> HttpResponse:
        form = form or self.proposed(obj)
        context = {"view": self, "form": form, "obj": obj, "cancel_url": self.after(obj), "title": self.form_title(obj)}
        context["crumbs"] = [(self.heading_text, self.url(Page.LIST))]
        return render(self.request, self.form_template, context, status=status_of(form))

    def proposed(self, obj: Any) -> Any:
        """The form as it begins: of a new object with what the page that led here proposes, by the names of fields."""
        form = self.make_form(obj)
        if obj is None:
            secret = ("password", "hidden", "file")
            shown = [name for name, each in form.fields.items() if getattr(each.widget, "input_type", "") not in secret]
            form.initial = {**form.initial, **{name: self.asked(name) for name in shown if name in self.request.GET}}
        return form

    def form_title(self, obj: Any) -> str:
        return self.name_of(obj) if obj is not None else _("New %s") % self.noun

    def submit_form(self, obj: Any) -> HttpResponse:
        form = self.make_form(obj)
        if form.is_valid() and not self.looking:
            try:
                saved = self.save(form)
            except ValidationError as error:
                put_errors(form, error)
            else:
                say_saved(self.request, self.saved_message(saved), form)
                return redirect(self.after(saved))
        return self.show_form(obj, form)

    def saved_message(self, obj: Any) -> str:
        return _("%s is saved.") % self.name_of(obj)

    def after(self, obj: Any) -> str:
        """Where to go from the form of `obj`: back to the list with it selected."""
        return self.url(Page.DETAILS, self.key(obj)) if obj is not None else self.url(Page.LIST)
