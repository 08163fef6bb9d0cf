"""The pages of a kind of object, together. See the package's docstring for how to declare one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from console.actors import Role
from console.crud.columns import Verb
from console.crud.form_page import FormPage
from console.crud.kind import Page
from console.crud.list_page import EDIT, REMOVE, ListPage

__all__ = ["EDIT", "REMOVE", "CrudView", "Page"]


class CrudView(ListPage, FormPage):
    """Which page it is stands in `page`, given by `urls()`; what it shows and does is declared by the subclass."""

    def roles_needed(self) -> frozenset[Role]:
        return self.readers if self.page in (Page.LIST, Page.DETAILS) else self.writers

    def get(self, request: HttpRequest, pk: Any = None) -> HttpResponse:
        match self.page:
            case Page.LIST | Page.DETAILS:
                return self.show_list(self.find(pk) if self.page is Page.DETAILS else None)
            case Page.NEW | Page.EDIT:
                return self.show_form(self.find(pk) if self.page is Page.EDIT else None)
            case Page.REMOVE:
                return self.show_removal(self.chosen(request.GET.getlist("pk")))
            case _:
                raise Http404

    def post(self, request: HttpRequest, pk: Any = None) -> HttpResponse:
        match self.page:
            case Page.NEW | Page.EDIT:
                return self.submit_form(self.find(pk) if self.page is Page.EDIT else None)
            case Page.REMOVE:
                return self.submit_removal(self.chosen(request.POST.getlist("pk")))
            case Page.ACT:
                return self.act(request.POST.get("verb", ""), request.POST.getlist("pk"))
            case _:
                raise Http404

    def chosen(self, keys: Sequence[str]) -> list[Any]:
        return [self.find(key) for key in dict.fromkeys(keys)]

    def show_removal(self, objects: list[Any], error: ValidationError | None = None) -> HttpResponse:
        """`error`: why it cannot be done. What strangers could do then has its names typed here."""
        if not objects:
            return self.nothing_chosen()
        named = [(self.key(obj), self.name_of(obj)) for obj in objects]
        context = {"view": self, "objects": named, "warning": self.removal_warning}
        context |= {"error": " ".join(error.messages) if error else "", "dangers": getattr(error, "dangers", {})}
        context |= {"list_url": self.url(Page.LIST), "cancel_url": self.after(objects[0])}
        return render(self.request, self.remove_template, context, status=422 if error else 200)

    def submit_removal(self, objects: list[Any]) -> HttpResponse:
        if not objects:
            return self.nothing_chosen()
        names = [self.name_of(obj) for obj in objects]
        try:
            with transaction.atomic():
                for obj in objects:
                    self.remove(obj)
        except ValidationError as error:
            return self.show_removal(self.chosen(self.request.POST.getlist("pk")), error)
        messages.success(self.request, _("Removed: %s.") % ", ".join(names))
        return redirect(self.url(Page.LIST))

    @property
    def confirmed(self) -> set[str]:
        """The names that were typed on the page of a removal."""
        return {name.strip() for name in self.request.POST.getlist("confirmation")}

    def nothing_chosen(self) -> HttpResponse:
        messages.warning(self.request, _("Select a row first."))
        return redirect(self.url(Page.LIST))

    def act(self, name: str, keys: Sequence[str]) -> HttpResponse:
        objects = self.chosen(keys)
        if not objects:
            return self.nothing_chosen()
        if name == EDIT.name and self.url_of_edit(objects[0]):
            return redirect(self.url_of_edit(objects[0]))
        if name == REMOVE.name and self.offers(Page.REMOVE):
            return redirect(self.url(Page.REMOVE) + "?" + urlencode([("pk", self.key(obj)) for obj in objects]))
        verb = next((verb for verb in self.verbs if verb.name == name), None)
        if verb is None:
            raise Http404
        for obj in objects:
            self.act_on(verb, obj)
        return redirect(self.after(objects[0]) if len(objects) == 1 else self.url(Page.LIST))

    def act_on(self, verb: Verb, obj: Any) -> None:
        if not self.may(verb, obj):
            raise PermissionDenied(_("This cannot be done to %s.") % self.name_of(obj))
        try:
            getattr(self, verb.method)(obj)
        except ValidationError as error:
            messages.error(self.request, f"{self.name_of(obj)}: " + " ".join(error.messages))
        else:
            messages.success(self.request, f"{self.name_of(obj)}: {verb.done or verb.label}.")
