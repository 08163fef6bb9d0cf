"""The pages of a kind of object, together. See the package's docstring for how to declare one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from console.actors import Role
from console.crud.columns import LINES, Verb, written
from console.crud.form_page import FormPage
from console.crud.format import count_text
from console.crud.kind import Page
from console.crud.list_page import ALL, COPY, EDIT, MOST_AT_ONCE, REMOVE, TAG, ListPage
from console.crud.listing import query_with
from console.crud.tag_page import TagPage

__all__ = ["EDIT", "REMOVE", "CrudView", "Page"]


class CrudView(ListPage, FormPage, TagPage):
    """Which page it is stands in `page`, given by `urls()`; what it shows and does is declared by the subclass."""

    def roles_needed(self) -> frozenset[Role]:
        return self.readers if self.page in (Page.LIST, Page.DETAILS, Page.CSV, Page.VIEW) else self.writers

    def get(self, request: HttpRequest, pk: Any = None) -> HttpResponseBase:
        match self.page:
            case Page.LIST | Page.DETAILS:
                return self.show_list(self.find(pk) if self.page is Page.DETAILS else None)
            case Page.NEW | Page.EDIT:
                return self.show_form(self.find(pk) if self.page is Page.EDIT else None)
            case Page.REMOVE:
                return self.show_removal(self.chosen(request.GET.getlist("pk")))
            case Page.CSV:
                return self.show_csv()
            case Page.SEVERAL | Page.TAGS:
                return self.of_several(self.meant(request.GET))
            case Page.COPY:
                return self.copy(self.find(pk))
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
            case Page.SEVERAL | Page.TAGS:
                return self.of_several(self.meant(request.GET))
            case Page.COPY:
                return self.copy(self.find(pk))
            case Page.VIEW:
                return self.change_view(request.POST.get("do", ""))
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
            removal = _("%s removed") % ", ".join(names)
            with self.together(removal) if len(objects) > 1 else transaction.atomic():
                for obj in objects:
                    self.remove(obj)
        except ValidationError as error:
            return self.show_removal(self.chosen(self.request.POST.getlist("pk")), error)
        messages.success(self.request, _("Removed: %s.") % ", ".join(names))
        return redirect(self.url(Page.LIST))

    @property
    def here(self) -> str:
        """The list as it is looked at."""
        return self.url(Page.LIST) + query_with(self.request.GET, pk=None, all=None)

    def change_view(self, deed: str) -> HttpResponse:
        """What the reader changes of the list for themselves."""
        from console.crud import actions

        given, name = self.request.POST, self.list_name()
        try:
            if deed == "lay-out":
                chosen = [each.key for each in self.columns if each.key in given.getlist("column")]
                actions.lay_out(self.user, name, chosen, _number(given.get("page_size", "")) or None)
            elif deed == "usual":
                actions.lay_out(self.user, name, [], None)
            elif deed == "keep-filter":
                actions.keep_filter(self.user, name, given.get("name", ""), query_with(self.request.GET, page=None))
            elif deed == "forget-filter":
                actions.forget_filter(self.user, name, _number(given.get("pk", "")))
            else:
                raise Http404
        except ValidationError as error:
            messages.error(self.request, " ".join(error.messages))
        return redirect(self.url(Page.LIST) + query_with(self.request.GET, page=None))

    @property
    def confirmed(self) -> set[str]:
        """The names that were typed on the page of a removal."""
        return {name.strip() for name in self.request.POST.getlist("confirmation")}

    def nothing_chosen(self) -> HttpResponse:
        messages.warning(self.request, _("Select a row first."))
        return redirect(self.here)

    def too_many(self) -> HttpResponse:
        messages.warning(
            self.request, _("At most %s at once: narrow the list with a filter.") % count_text(MOST_AT_ONCE)
        )
        return redirect(self.here)

    def of_several(self, objects: list[Any]) -> HttpResponse:
        """The pages that change several objects."""
        if not objects:
            return self.nothing_chosen()
        if len(objects) > MOST_AT_ONCE:
            return self.too_many()
        return self.tag(objects) if self.page is Page.TAGS else self.edit_several(objects)

    def act(self, name: str, keys: Sequence[str]) -> HttpResponse:
        many = self.request.POST.get("all") or len(set(keys)) > 1
        of_several = {EDIT.name: Page.SEVERAL if many else None, TAG.name: Page.TAGS}.get(name)
        if of_several and self.offers(of_several):
            chosen = [("all", ALL)] if self.request.POST.get("all") else [("pk", key) for key in dict.fromkeys(keys)]
            return redirect(f"{self.url(of_several)}{query_with(self.request.GET) or '?'}&{urlencode(chosen)}")
        if self.request.POST.get("all"):
            return self.act_on_all(name)
        objects = self.chosen(keys)
        if not objects:
            return self.nothing_chosen()
        if name == EDIT.name and self.url_of_edit(objects[0]):
            return redirect(self.url_of_edit(objects[0]))
        if name == COPY.name and self.offers(Page.COPY):
            return redirect(self.url(Page.COPY, self.key(objects[0])))
        if name == REMOVE.name and self.offers(Page.REMOVE):
            return redirect(self.url(Page.REMOVE) + "?" + urlencode([("pk", self.key(obj)) for obj in objects]))
        verb = self.verb(name)
        for obj in objects:
            self.act_on(verb, obj)
        if len(objects) > 1:
            return redirect(self.here)
        return redirect(self.after(objects[0]) + query_with(self.request.GET))

    def meant(self, given: QueryDict) -> list[Any]:
        """The objects that a query string names: some, or all that the filter finds."""
        return list(self.narrowed()[: MOST_AT_ONCE + 1]) if given.get("all") else self.chosen(given.getlist("pk"))

    def edit_several(self, objects: list[Any]) -> HttpResponse:
        """Where some settings may be changed of several objects at once (`shared`)."""
        raise NotImplementedError

    def verb(self, name: str) -> Verb:
        removal = [REMOVE] if self.offers(Page.REMOVE) else []
        found = next((verb for verb in (*self.verbs, *removal) if verb.name == name), None)
        if found is None:
            raise Http404
        return found

    def act_on_all(self, name: str) -> HttpResponse:
        """To all that the filter finds, once their number is confirmed; what a verb does not apply to is left alone."""
        verb = self.verb(name)
        found = list(self.narrowed()[: MOST_AT_ONCE + 1])
        objects = [obj for obj in found if self.may(verb, obj)]
        if not objects:
            messages.warning(self.request, _("There is nothing here that this applies to."))
            return redirect(self.here)
        if len(found) > MOST_AT_ONCE:
            return self.too_many()
        if self.request.POST.get("count") != str(len(objects)):
            return self.ask_about_all(verb, objects)
        try:
            with self.together(f"{verb.label}: {len(objects)} {self.plural}"):
                for obj in objects:
                    self.remove(obj) if verb is REMOVE else getattr(self, verb.method)(obj)
        except ValidationError as error:
            return self.ask_about_all(verb, objects, error)
        done = _("removed") if verb is REMOVE else verb.done or verb.label
        messages.success(self.request, f"{count_text(len(objects))} {self.plural}: {done}.")
        return redirect(self.url(Page.LIST) + query_with(self.request.GET, page=None))

    def ask_about_all(self, verb: Verb, objects: list[Any], error: ValidationError | None = None) -> HttpResponse:
        """`error`: why nothing was done."""
        names = [self.name_of(obj) for obj in objects]
        context = {"view": self, "verb": verb, "count": len(objects), "names": written(names, LINES)}
        context |= {"warning": self.removal_warning if verb is REMOVE else "", "cancel_url": self.here, "all": ALL}
        context |= {"error": " ".join(error.messages) if error else "", "dangers": getattr(error, "dangers", {})}
        context |= {"act_url": self.url(Page.ACT) + query_with(self.request.GET), "list_url": self.here}
        return render(self.request, "crud/ask_about_all.html", context, status=422 if error else 200)

    def together(self, what: str) -> AbstractContextManager[Any]:
        """All of it or nothing. Override where several changes are to be one."""
        return transaction.atomic()

    def act_on(self, verb: Verb, obj: Any) -> None:
        if not self.may(verb, obj):
            raise PermissionDenied(_("This cannot be done to %s.") % self.name_of(obj))
        try:
            getattr(self, verb.method)(obj)
        except ValidationError as error:
            messages.error(self.request, f"{self.name_of(obj)}: " + " ".join(error.messages))
        else:
            messages.success(self.request, f"{self.name_of(obj)}: {verb.done or verb.label}.")


def _number(text: str) -> int:
    """A number of a form's hidden field; 0 where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
