"""How many rows a list has, counted no further than somebody pages."""

from __future__ import annotations

from typing import Any, cast

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext

COUNTED, COUNTED_WITH_WORDS = 10_000, 2_000


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
