"""The list with its details pane: the whole page, or the part of it that htmx asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.paginator import Page as PageOfRows
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import cached_property
from django.utils.text import slugify
from django.utils.translation import gettext_lazy

from console import clock
from console.crud import again, layouts
from console.crud.asking import Asked, only
from console.crud.columns import BADGE, TIME, Column, Filter, Verb, value_of
from console.crud.kind import TAGS_COLUMN, Kind, Page
from console.crud.listing import Rows, by_cell, in_order, matching, natural, query_with, with_value
from console.crud.reader import PAGE_SIZES, reader_of
from console.crud.spreadsheet import CSV, pieces
from console.crud.streaming import download
from console.crud.tags import load_tags
from console.crud.words import quoted
from console.navigation import icon_of

EDIT = Verb("edit", gettext_lazy("Edit"), "pencil", bulk=False)
REMOVE = Verb("remove", gettext_lazy("Remove"), "trash-2")
EDIT_ANY = Verb(EDIT.name, EDIT.label, EDIT.icon)
"""Where several can be edited together."""
COPY = Verb("copy", gettext_lazy("Copy"), "copy", bulk=False)
TAG = Verb("tag", gettext_lazy("Tags"), "tag")
ALL = "rows"
"""What the field `all` says where it means all that the filter finds."""


MOST_AT_ONCE = 1000
"""Objects that one click may change."""
EXPORTED_AT_ONCE = 500
MOST_SORTED = 5000
"""Rows that are sorted by what they show; more come in their own order."""


class ListPage(Kind):
    def show_list(self, selected: Any) -> HttpResponse:
        target = self.request.headers.get("HX-Target")
        if not target and (back := again.query_to_restore(self.request, self)):
            return redirect(self.request.path + back)
        again.remember(self.request, self)
        template = {"list": "crud/table.html", "details": self.details_template}.get(target or "", self.list_template)
        context = self.list_context(selected) if target != "details" else self.details_context(selected)
        return render(self.request, template, context | {"fragment": bool(target)})

    def list_context(self, selected: Any) -> dict[str, Any]:
        page = self.paginate(self.in_order(self.narrowed()))
        context = self.details_context(selected)
        return context | {
            "page": page,
            "table": [self.row(obj, selected) for obj in page],
            "headings": [self.heading(column) | {"css": css} for column, css in self.laid_out],
            "filtering": bool(self.asks),
            "chosen_filters": self.fields,
            "fields_set": sum(1 for _each, value, _options in self.fields if value),
            "chips": self.asks.chips(),
            "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
            "view_url": self.url(Page.VIEW) + query_with(self.request.GET),
            "csv_url": self.url(Page.CSV) + query_with(self.request.GET, page=None),
            "layout": self.layout,
            "page_sizes": PAGE_SIZES,
            "columns_to_choose": [(column, column in self.shown_columns) for column in self.columns[1:]],
            "saved_filters": layouts.saved_filters(self.user, self.list_name()),
        }

    @cached_property
    def fields(self) -> list[tuple[Filter, str, Sequence[tuple[str, Any]]]]:
        """Each filter with its value and choices; none where there is nothing to choose."""
        every = ((each, each.options() if each.input_type == "select" else ()) for each in self.filters)
        return [
            (each, each.shown(self.request.GET.get(each.name, "")), options)
            for each, options in every
            if options or each.input_type not in ("select", "hidden")
        ]

    @cached_property
    def asks(self) -> Asked:
        return Asked(self.request.GET, self.filters)

    def narrowed(self, rows: Any = None) -> Any:
        """The rows that the filter lets through, the words of its box included."""
        asks = self.asks
        every = self.rows() if rows is None else rows
        if asks.impossible:
            return every.none() if isinstance(every, QuerySet) else []
        with self.asking(asks.params):
            found = self.filtered(every)
        for name, value in asks.excluded:
            with self.asking(only(name, quoted(value) if name == "q" else value)):
                found = self.left(found)
        return found

    def left(self, rows: Any) -> Any:
        """The rows without those that the query string finds."""
        if isinstance(rows, QuerySet):
            return rows.filter(~Exists(self.filtered(self.model._default_manager.filter(pk=OuterRef("pk")))))
        found = {self.key(each) for each in self.filtered(rows)}
        return [each for each in rows if self.key(each) not in found]

    @contextmanager
    def asking(self, query: QueryDict) -> Iterator[None]:
        """While it lasts, the query string is another one."""
        request: Any = self.request
        before, request.GET = request.GET, query
        try:
            yield
        finally:
            request.GET = before

    def filtered(self, rows: Any) -> Any:
        """Override to give a filter a meaning that `rows.filter(lookup=value)` cannot express."""
        kept: Rows = self.look_for(rows, self.asked("q")) if self.search else rows
        for each in self.filters:
            value = self.asked(each.name)
            if value and each.apply:
                kept = each.apply(kept, value)
            elif value and isinstance(kept, QuerySet):
                kept = with_value(kept, each.lookup or each.name, value)
        return kept

    def look_for(self, rows: Any, text: str) -> Any:
        """Override where more than the columns of `search` is looked into."""
        return matching(rows, text, self.search)

    @cached_property
    def layout(self) -> layouts.Layout:
        return layouts.layout_of(self.user, self.list_name())

    @cached_property
    def shown_columns(self) -> list[Column]:
        """Those that the reader chose, or the usual ones; the first one always."""
        chosen = self.layout.columns
        rest = [each for each in self.columns[1:] if (each.key in chosen if chosen else self._is_usual(each))]
        return [self.columns[0], *rest]

    def _is_usual(self, column: Column) -> bool:
        """Tags have a column once there are some."""
        return not column.optional or (column is TAGS_COLUMN and any(each.name == "tag" for each, *_ in self.fields))

    def paginate(self, rows: Rows) -> PageOfRows[Any]:
        size = self.layout.page_size or reader_of(self.request).page_size or self.page_size
        page = self.paginator_class(rows, size).get_page(self.request.GET.get("page"))
        page.object_list = self._complete(list(page.object_list))
        return page

    def _complete(self, rows: list[Any]) -> list[Any]:
        return self.completed(load_tags(rows) if self.is_tagged else rows)

    def completed(self, rows: list[Any]) -> list[Any]:
        """Override to add to some rows what their columns tell beyond them."""
        return rows

    def in_order(self, rows: Any) -> Any:
        sort = self.request.GET.get("sort", "") or next(iter(self.named_by), "")
        wanted = sort.removeprefix("-")
        if wanted in self.named_by:
            order = natural(wanted)
            return rows.order_by(order.desc() if sort.startswith("-") else order.asc(), "pk")
        column = next((each for each in self.columns if wanted and wanted == self.sort_of(each)), None)
        if column is None or column.sort:
            return in_order(rows, sort, self.columns)
        every = list(rows[: MOST_SORTED + 1])
        if len(every) > MOST_SORTED:
            return rows
        return sorted(
            self._complete(every), key=lambda row: by_cell(value_of(row, column.source)), reverse=sort.startswith("-")
        )

    def sort_of(self, column: Column) -> str:
        """What the query string says to sort by a column; empty where that would take too long."""
        return column.sort or ("" if self.unsorted else f"~{column.key}")

    def show_csv(self) -> HttpResponseBase:
        """Every column of what the filter finds, in the order of the list."""
        rows = self.in_order(self.narrowed())
        name = f"{slugify(str(self.plural))}-{clock.now():%Y%m%d-%H%M}.csv"
        return download(self.request, pieces(self.columns, self.batches(rows)), name, CSV)

    def batches(self, rows: Any) -> Iterator[list[Any]]:
        """The rows, some at a time: of a table by their keys, so that memory stays flat and no cursor open."""
        keys = list(rows.values_list("pk", flat=True)) if isinstance(rows, QuerySet) else rows
        for start in range(0, len(keys), EXPORTED_AT_ONCE):
            some = list(keys[start : start + EXPORTED_AT_ONCE])
            if isinstance(rows, QuerySet):
                found = rows.order_by().in_bulk(some)
                some = [found[key] for key in some if key in found]
            yield self._complete(some)

    def heading(self, column: Column) -> dict[str, Any]:
        sort = self.request.GET.get("sort", "")
        own = self.sort_of(column)
        direction = {own: "ascending", f"-{own}": "descending"}.get(sort, "") if own else ""
        wanted = f"-{own}" if direction == "ascending" else own
        query = query_with(self.request.GET, sort=wanted, page=None) if own else ""
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
        columns = self.shown_columns
        wide = next((column for column in columns if column.wide), columns[0])
        roles = _on_a_card(columns, wide)
        return [
            (column, " ".join(filter(None, [column.css, roles.get(column), "wide" if column is wide else ""])))
            for column in columns
        ]

    def word_to_show(self) -> str:
        """Of a filter, as it is typed in the box."""
        texts = [each for each in self.filters if each.words] or self.filters
        return f"{next(iter(texts[0].words or [texts[0].name]))}:"

    def feature_icon(self) -> str:
        """That of the feature pane, for an empty list."""
        return icon_of(self.url(Page.LIST)) or "search"

    def details_context(self, selected: Any) -> dict[str, Any]:
        if selected is not None and self.is_tagged:
            load_tags([selected])
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
            "act_url": self.url(Page.ACT) + query_with(self.request.GET),
            "choose_all": ALL if any(verb.bulk for verb in self.toolbar(None)) else "",
            "list_url": self.url(Page.LIST),
            "new_url": self.url_of_new() if self.may_write else "",
            "open_url": self.url_to_open(selected) if selected is not None else "",
        }

    def toolbar(self, selected: Any) -> list[Verb]:
        """The verbs for the selected object, or all when none is selected; none for who may not write."""
        if not self.may_write:
            return []
        edit = [EDIT_ANY] if self.offers(Page.SEVERAL) else [EDIT] if self.edit_url or self.offers(Page.EDIT) else []
        edit += [COPY] if self.offers(Page.COPY) else []
        tag = [TAG] if self.is_tagged else []
        every = [*edit, *tag, *self.verbs, *([REMOVE] if self.offers(Page.REMOVE) else [])]
        return [verb for verb in every if selected is None or self.may(verb, selected)]


def _on_a_card(columns: Sequence[Column], wide: Column) -> dict[Column, str]:
    """Where a column stands on a card, which has a name, a state, and one line. What begins with a time is called by
    its wide column instead.
    """
    name = wide if columns[0].kind == TIME else columns[0]
    rest = [column for column in columns if column is not name and not column.minor]
    states = [column for column in rest if column.kind == BADGE][:1]
    below = [column for column in rest if column not in states]
    line, others = below[:1], below[1:]
    more = [column for column in others if column is wide] or (others if name is wide is not columns[0] else [])
    placed = {"card-name": [name], "card-state": states, "card-line": line, "card-more": more[:1]}
    return {column: place for place, some in placed.items() for column in some}
