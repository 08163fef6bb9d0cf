"""How many rows a list has, counted no further than somebody pages."""

from __future__ import annotations

from typing import Any, cast

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext

COUNTED = 10_000


class AtLeast(int):
    """A count that stopped counting."""

    def __format__(self, form: str) -> str:
        return gettext("more than %s") % format(int(self), form)

    def __str__(self) -> str:
        return f"{self:,}"


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # takes no argument when it runs
    """Counts no further than `COUNTED` rows: nobody pages through more, and counting a million takes its time."""

    @cached_property
    def count(self) -> int:
        rows = cast(QuerySet[Any], self.object_list)
        found = rows.order_by()[: COUNTED + 1].count()
        return found if found <= COUNTED else AtLeast(COUNTED)
