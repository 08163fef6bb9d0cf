"""The list with its details pane: the whole page, or the part of it that htmx asks for."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page as PageOfRows
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy

from console.crud.columns import BADGE, Column, Verb
from console.crud.kind import Kind, Page
from console.crud.listing import Rows, in_order, matching, query_with
from console.crud.reader import reader_of
from console.navigation import icon_of

EDIT = Verb("edit", gettext_lazy("Edit"), "pencil", bulk=False)
REMOVE = Verb("remove", gettext_lazy("Remove"), "trash-2")


class ListPage(Kind):
    def show_list(self, selected: Any) -> HttpResponse:
        target = self.request.headers.get("HX-Target")
        template = {"list": "crud/table.html", "details": self.details_template}.get(target or "", self.list_template)
        context = self.list_context(selected) if target != "details" else self.details_context(selected)
        return render(self.request, template, context | {"fragment": bool(target)})

    def list_context(self, selected: Any) -> dict[str, Any]:
        rows = self.filtered(self.rows())
        page = self.paginate(in_order(rows, self.request.GET.get("sort", ""), self.columns))
        context = self.details_context(selected)
        return context | {
            "page": page,
            "table": [self.row(obj, selected) for obj in page],
            "headings": [self.heading(column) | {"css": css} for column, css in self.laid_out],
            "filtering": any(self.request.GET.get(name) for name in ["q", *(each.name for each in self.filters)]),
            "chosen_filters": [(each, each.shown(self.request.GET.get(each.name, ""))) for each in self.filters],
            "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        }

    def asked(self, name: str) -> str:
        """What the query string says of `name`; without NUL, which no column of the database can hold."""
        return self.request.GET.get(name, "").replace("\0", "")

    def filtered(self, rows: Any) -> Any:
        """Override to give a filter a meaning that `rows.filter(lookup=value)` cannot express."""
        kept: Rows = self.look_for(rows, self.asked("q")) if self.search else rows
        for each in self.filters:
            value = self.asked(each.name)
            if value and isinstance(kept, QuerySet):
                kept = kept.filter(**{each.lookup or each.name: value})
        return kept

    def look_for(self, rows: Any, text: str) -> Any:
        """Override where more than the columns of `search` is looked into."""
        return matching(rows, text, self.search)

    def paginate(self, rows: Rows) -> PageOfRows[Any]:
        size = reader_of(self.request).page_size or self.page_size
        return self.paginator_class(rows, size).get_page(self.request.GET.get("page"))

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
            "open": self.url_to_open(obj),
            "cells": [(column, css, column.html(obj)) for column, css in self.laid_out],
            "selected": selected is not None and key == self.key(selected),
        }

    @cached_property
    def laid_out(self) -> list[tuple[Column, str]]:
        """Each column with its classes: the wide one, and what a phone shows of it, where a row is a card."""
        roles = {self.columns[0]: "card-name"}
        rest = [column for column in self.columns[1:] if not column.minor]
        roles |= dict.fromkeys([each for each in rest if each.kind == BADGE][:1], "card-state")
        roles |= dict.fromkeys([each for each in rest if each not in roles][:1], "card-line")
        wide = next((column for column in self.columns if column.wide), self.columns[0])
        return [
            (column, " ".join(filter(None, [column.css, roles.get(column), "wide" if column is wide else ""])))
            for column in self.columns
        ]

    def feature_icon(self) -> str:
        """That of the feature pane, for an empty list."""
        return icon_of(self.url(Page.LIST)) or "search"

    def details_context(self, selected: Any) -> dict[str, Any]:
        lines = [(detail.label, detail.html(selected)) for detail in self.details] if selected is not None else []
        return {
            "view": self,
            "selected": selected,
            "selected_key": self.key(selected) if selected is not None else "",
            "selected_name": self.name_of(selected) if selected is not None else "",
            "details": lines,
            "toolbar": self.toolbar(selected),
            "verbs_of_selected": self.toolbar(selected) if selected is not None else [],
            "close_url": self.url(Page.LIST) + query_with(self.request.GET),
            "act_url": self.url(Page.ACT),
            "list_url": self.url(Page.LIST),
            "new_url": self.url_of_new() if self.may_write else "",
            "open_url": self.url_to_open(selected) if selected is not None else "",
        }

    def toolbar(self, selected: Any) -> list[Verb]:
        """The verbs for the selected object, or all when none is selected; none for who may not write."""
        if not self.may_write:
            return []
        edit = [EDIT] if self.edit_url or self.offers(Page.EDIT) else []
        every = [*edit, *self.verbs, *([REMOVE] if self.offers(Page.REMOVE) else [])]
        return [verb for verb in every if selected is None or self.may(verb, selected)]
