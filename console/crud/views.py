"""The pages of a kind of object. See the package's docstring for how to declare one."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Page as PageOfRows
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.crud.access import RoleRequired
from console.crud.columns import Column, Detail, Filter, Verb
from console.crud.forms import put_errors
from console.crud.listing import Rows, in_order, matching, query_with

EDIT = Verb("edit", gettext_lazy("Edit"), "pencil", bulk=False)
REMOVE = Verb("remove", gettext_lazy("Remove"), "trash-2")


class Page(StrEnum):
    """Which page of a kind of object a view is; the value ends its URL's name."""

    LIST = "list"
    DETAILS = "details"
    NEW = "new"
    EDIT = "edit"
    REMOVE = "remove"
    ACT = "act"


class CrudView(RoleRequired):
    page: Page = Page.LIST

    model: Any = None
    namespace: str = ""
    prefix: str = ""
    noun: Any = ""
    plural: Any = ""
    title: Any = ""
    purpose: Any = ""
    first_step: Any = ""
    columns: Sequence[Column] = ()
    details: Sequence[Detail] = ()
    search: Sequence[str] = ()
    filters: Sequence[Filter] = ()
    verbs: Sequence[Verb] = ()
    form_class: Any = None
    new_url: str = ""
    edit_url: str = ""
    refresh: int = 0
    page_size: int = 50
    pk_converter: str = "int"
    paginator_class = Paginator
    list_template = "crud/list.html"
    details_template = "crud/details.html"
    form_template = "crud/form.html"
    remove_template = "crud/remove.html"

    # What a kind of object may override

    def rows(self) -> Rows:
        return self.model._default_manager.all()

    def find(self, pk: Any) -> Any:
        try:
            return get_object_or_404(self.model, pk=pk)
        except (ValueError, ValidationError) as error:
            raise Http404 from error

    def key(self, obj: Any) -> Any:
        return obj.pk

    def name_of(self, obj: Any) -> str:
        return str(obj)

    def may(self, verb: Verb, obj: Any) -> bool:
        return True

    def make_form(self, obj: Any = None) -> Any:
        data = (self.request.POST, self.request.FILES) if self.request.method == "POST" else ()
        return self.form_class(*data, instance=obj)

    def save(self, form: Any) -> Any:
        raise NotImplementedError

    def remove(self, obj: Any) -> None:
        raise NotImplementedError

    def removal_warning(self, objects: Sequence[Any]) -> str:
        """What removing `objects` brings with it, for the confirmation page."""
        return ""

    @property
    def heading_text(self) -> str:
        return self.title or capfirst(self.plural)

    # URLs

    @classmethod
    def urls(cls, at: str = "") -> list:
        """list, details, new, edit, remove and act under `at`, as far as the class offers them."""
        routes = {Page.LIST: "", Page.ACT: "act", Page.REMOVE: "remove", Page.NEW: "new"}
        one = f"<{cls.pk_converter}:pk>"
        routes |= {Page.EDIT: f"{one}/edit", Page.DETAILS: f"{one}/"}
        offered = [page for page in routes if cls._offers(page)]
        return [path(at + routes[page], cls.as_view(page=page), name=f"{cls.prefix}{page}") for page in offered]

    @classmethod
    def _offers(cls, page: Page) -> bool:
        if page in (Page.NEW, Page.EDIT):
            return cls.form_class is not None and cls.save is not CrudView.save
        if page is Page.REMOVE:
            return cls.remove is not CrudView.remove
        return True

    def url(self, page: Page, *args: Any) -> str:
        return reverse(f"{self.namespace}:{self.prefix}{page}", args=args)

    def url_of_new(self) -> str:
        if self.new_url:
            return reverse(self.new_url)
        return self.url(Page.NEW) if self._offers(Page.NEW) else ""

    def url_of_edit(self, obj: Any) -> str:
        if self.edit_url:
            return reverse(self.edit_url, args=[self.key(obj)])
        return self.url(Page.EDIT, self.key(obj)) if self._offers(Page.EDIT) else ""

    # Requests

    def roles_needed(self):
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

    # List and details

    def show_list(self, selected: Any) -> HttpResponse:
        target = self.request.headers.get("HX-Target")
        template = {"list": "crud/table.html", "details": self.details_template}.get(target or "", self.list_template)
        context = self.list_context(selected) if target != "details" else self.details_context(selected)
        response = render(self.request, template, context | {"fragment": bool(target)})
        response["Vary"] = "HX-Request, HX-Target, Cookie"
        return response

    def list_context(self, selected: Any) -> dict[str, Any]:
        rows = self.filtered(self.rows())
        page = self.paginate(in_order(rows, self.request.GET.get("sort", ""), self.columns))
        context = self.details_context(selected)
        return context | {
            "page": page,
            "table": [self.row(obj, selected) for obj in page],
            "headings": [self.heading(column) for column in self.columns],
            "filtering": any(self.request.GET.get(name) for name in ["q", *(each.name for each in self.filters)]),
            "chosen_filters": [(each, self.request.GET.get(each.name, "")) for each in self.filters],
            "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        }

    def filtered(self, rows: Rows) -> Rows:
        """Override to give a filter a meaning that `rows.filter(lookup=value)` cannot express."""
        rows = matching(rows, self.request.GET.get("q", ""), self.search) if self.search else rows
        for each in self.filters:
            value = self.request.GET.get(each.name)
            if value and hasattr(rows, "filter"):
                rows = rows.filter(**{each.lookup or each.name: value})
        return rows

    def paginate(self, rows: Rows) -> PageOfRows:
        return self.paginator_class(rows, self.page_size).get_page(self.request.GET.get("page"))

    def heading(self, column: Column) -> dict[str, Any]:
        sort = self.request.GET.get("sort", "")
        direction = {column.sort: "ascending", f"-{column.sort}": "descending"}.get(sort, "") if column.sort else ""
        wanted = f"-{column.sort}" if direction == "ascending" else column.sort
        query = query_with(self.request.GET, sort=wanted, page=None) if column.sort else ""
        return {"column": column, "direction": direction, "query": query}

    def row(self, obj: Any, selected: Any) -> dict[str, Any]:
        key = self.key(obj)
        return {
            "obj": obj,
            "key": key,
            "name": self.name_of(obj),
            "url": self.url(Page.DETAILS, key) + query_with(self.request.GET),
            "open": self.url_of_edit(obj) if self.may_write or self.edit_url else "",
            "cells": [(column, column.html(obj)) for column in self.columns],
            "selected": selected is not None and key == self.key(selected),
        }

    def details_context(self, selected: Any) -> dict[str, Any]:
        lines = [(detail.label, detail.html(selected)) for detail in self.details] if selected is not None else []
        return {
            "view": self,
            "selected": selected,
            "selected_key": self.key(selected) if selected is not None else "",
            "selected_name": self.name_of(selected) if selected is not None else "",
            "details": lines,
            "toolbar": self.toolbar(selected),
            "act_url": self.url(Page.ACT),
            "list_url": self.url(Page.LIST),
            "new_url": self.url_of_new() if self.may_write else "",
            "open_url": self.url_of_edit(selected) if selected is not None else "",
        }

    def toolbar(self, selected: Any) -> list[Verb]:
        """The verbs for the selected object, or all when none is selected; none for who may not write."""
        if not self.may_write:
            return []
        edit = [EDIT] if self.edit_url or self._offers(Page.EDIT) else []
        every = [*edit, *self.verbs, *([REMOVE] if self._offers(Page.REMOVE) else [])]
        return [verb for verb in every if selected is None or self.may(verb, selected)]

    # Form

    def show_form(self, obj: Any, form: Any = None) -> HttpResponse:
        form = form or self.make_form(obj)
        context = {"view": self, "form": form, "obj": obj, "cancel_url": self.after(obj), "title": self.form_title(obj)}
        context["crumbs"] = [(self.heading_text, self.url(Page.LIST))]
        return render(self.request, self.form_template, context, status=422 if form.errors else 200)

    def form_title(self, obj: Any) -> str:
        return self.name_of(obj) if obj is not None else _("New %s") % self.noun

    def submit_form(self, obj: Any) -> HttpResponse:
        form = self.make_form(obj)
        if form.is_valid():
            try:
                saved = self.save(form)
            except ValidationError as error:
                put_errors(form, error)
            else:
                messages.success(self.request, self.saved_message(saved))
                return redirect(self.after(saved))
        return self.show_form(obj, form)

    def saved_message(self, obj: Any) -> str:
        return _("%s is saved.") % self.name_of(obj)

    def after(self, obj: Any) -> str:
        """Where to go from the form of `obj`: back to the list with it selected."""
        return self.url(Page.DETAILS, self.key(obj)) if obj is not None else self.url(Page.LIST)

    # Removal and verbs

    def chosen(self, keys: Sequence[str]) -> list[Any]:
        return [self.find(key) for key in dict.fromkeys(keys)]

    def show_removal(self, objects: list[Any], error: str = "") -> HttpResponse:
        if not objects:
            return self.nothing_chosen()
        named = [(self.key(obj), self.name_of(obj)) for obj in objects]
        context = {"view": self, "objects": named, "warning": self.removal_warning(objects), "error": error}
        context |= {"list_url": self.url(Page.LIST), "cancel_url": self.after(objects[0])}
        return render(self.request, self.remove_template, context, status=422 if error else 200)

    def submit_removal(self, objects: list[Any]) -> HttpResponse:
        names = [self.name_of(obj) for obj in objects]
        try:
            for obj in objects:
                self.remove(obj)
        except ValidationError as error:
            return self.show_removal(objects, " ".join(error.messages))
        messages.success(self.request, _("Removed: %s.") % ", ".join(names))
        return redirect(self.url(Page.LIST))

    def nothing_chosen(self) -> HttpResponse:
        messages.warning(self.request, _("Select a row first."))
        return redirect(self.url(Page.LIST))

    def act(self, name: str, keys: Sequence[str]) -> HttpResponse:
        objects = self.chosen(keys)
        if not objects:
            return self.nothing_chosen()
        if name == EDIT.name:
            return redirect(self.url_of_edit(objects[0]))
        if name == REMOVE.name and self._offers(Page.REMOVE):
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
