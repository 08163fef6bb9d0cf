"""How many rows a list has, counted no further than somebody pages."""

from __future__ import annotations

from typing import Any, cast

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext

COUNTED, COUNTED_WITH_WORDS = 10_000, 2_000
EARLY, FREQUENT, MOST_WITH_WORDS = 500, 50, 1_000_000
"""Rows among which those with some words are looked for first; words are frequent that one of so many has; and rows
that have them.
"""


class AtLeast(int):
    """A count that stopped counting."""

    def __format__(self, form: str) -> str:
        return gettext("more than %s") % format(int(self), form)

    def __str__(self) -> str:
        return f"{self:,}"


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # takes no argument when it runs
    """Counts no further than `COUNTED` rows: nobody pages through more, and counting a million takes its time."""

    @property
    def most(self) -> int:
        return COUNTED

    @cached_property
    def count(self) -> int:
        rows = cast(QuerySet[Any], self.object_list)
        found = rows.order_by()[: self.most + 1].count()
        return found if found <= self.most else AtLeast(self.most)


class WordsPaginator(BoundedPaginator):
    """Counts less: it takes some time to see whether a text has a word."""

    @property
    def most(self) -> int:
        return COUNTED_WITH_WORDS

    def page(self, number: Any) -> Page[Any]:
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        find = in_order if isinstance(self.count, AtLeast) else _by_words
        found = find(cast(QuerySet[Any], self.object_list), first, min(first + self.per_page, self.count))
        return Page(found, number, self)


def in_order(rows: QuerySet[Any], first: int, end: int) -> list[Any]:
    """`rows[first:end]` where one index has the order, and another one tells which rows have some words: PostgreSQL
    would guess how many those are, and where it guesses wrong read one row after the other. Frequent words are found
    among the first rows of all; of others the index of words tells every row.
    """
    early = list(rows.filter(pk__in=_every(rows).values("pk")[:EARLY])[:end])
    if len(early) == end:
        return early[first:]
    if len(early) > EARLY // FREQUENT:
        return list(rows[first:end])
    return _by_words(rows, first, end)


def _by_words(rows: QuerySet[Any], first: int, end: int) -> list[Any]:
    """What fits is looked up before it is put in order."""
    having = rows.order_by().values("pk")[:MOST_WITH_WORDS]
    shown = list(_every(rows).filter(pk__in=having).values_list("pk", flat=True)[first:end])
    return list(rows.filter(pk__in=shown))


def _every(rows: QuerySet[Any]) -> QuerySet[Any]:
    return cast(QuerySet[Any], rows.model._default_manager.order_by(*rows.query.order_by))


class WholePaginator(Paginator):  # type: ignore[type-arg]  # takes no argument when it runs
    """Of very many rows in an order that an index has: whoever asks for the last ones gets them from the end."""

    def page(self, number: Any) -> Page[Any]:
        number = self.validate_number(number)
        before = (number - 1) * self.per_page
        behind = max(0, self.count - before - self.per_page)
        if before <= behind:
            return super().page(number)
        rows = cast(QuerySet[Any], self.object_list).reverse()[behind : self.count - before]
        return Page(list(rows)[::-1], number, self)
