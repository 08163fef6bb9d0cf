"""The form of a new or an existing object."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from console.crud.forms import put_errors, status_of
from console.crud.kind import Kind, Page
from console.crud.meanwhile import SEEN, say_saved
from console.crud.secret_fields import is_secret
from console.crud.tags import FIELD, ask_for_tags


class FormPage(Kind):
    keeps_entries = True
    copied_from: Any = None

    def show_form(self, obj: Any, form: Any = None) -> HttpResponse:
        form = form or self.proposed(obj)
        context = {"view": self, "form": form, "obj": obj, "title": self.form_title(obj)}
        context["cancel_url"] = self.after(self.copied_from or obj)
        context["crumbs"] = [(self.heading_text, self.url(Page.LIST))]
        return render(self.request, self.form_template, context, status=status_of(form))

    def proposed(self, obj: Any) -> Any:
        """The form as it begins: of a new object with what the page that led here proposes, by the names of fields."""
        form = self.form_of(obj)
        if obj is None:
            secret = ("password", "hidden", "file")
            shown = [name for name, each in form.fields.items() if getattr(each.widget, "input_type", "") not in secret]
            form.initial = {**form.initial, **{name: self.asked(name) for name in shown if name in self.request.GET}}
        return form

    def form_of(self, obj: Any) -> Any:
        """Its form, with its tags."""
        form = self.make_form(obj)
        if self.is_tagged:
            ask_for_tags(form, obj)
        return form

    def copy(self, obj: Any) -> HttpResponse:
        """A new object like another one."""
        self.copied_from = obj
        if self.request.method == "POST":
            return self.submit_form(None)
        form, there = self.form_of(None), self.form_of(obj)
        names = form.fields.keys() - {SEEN, *self.own}
        like = {name: value for name, value in there.initial.items() if name in names and not is_secret(name)}
        form.initial = {**form.initial, **like}
        return self.show_form(None, form)

    def form_title(self, obj: Any) -> str:
        if self.copied_from is not None:
            return _("Copy %s") % self.name_of(self.copied_from)
        return self.name_of(obj) if obj is not None else _("New %s") % self.noun

    def submit_form(self, obj: Any) -> HttpResponse:
        form = self.form_of(obj)
        if form.is_valid() and not self.looking:
            try:
                with transaction.atomic():
                    saved = self.save(form)
                    self.put_tags(self.saved_rows(saved), form.cleaned_data)
            except ValidationError as error:
                put_errors(form, error)
            else:
                say_saved(self.request, self.saved_message(saved), form)
                return redirect(self.after(saved))
        return self.show_form(obj, form)

    def saved_rows(self, obj: Any) -> list[Any]:
        """All that the form saved; override where it may be more than what `save` gives."""
        return [obj]

    def put_tags(self, rows: list[Any], given: dict[str, Any]) -> None:
        """The tags of a form at what it saved."""
        from console.crud import actions

        for row in rows if FIELD in given else ():
            actions.set_tags(self.actor, self.writers, self.history_noun, row, given[FIELD])

    def saved_message(self, obj: Any) -> str:
        return _("%s is saved.") % self.name_of(obj)

    def after(self, obj: Any) -> str:
        """Where to go from the form of `obj`: back to the list with it selected."""
        return self.url(Page.DETAILS, self.key(obj)) if obj is not None else self.url(Page.LIST)
