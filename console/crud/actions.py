"""What a person changes of how they see a list: their own rows alone, which are no part of the configuration."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from console.crud.models import ListLayout, SavedFilter
from console.crud.reader import PAGE_SIZES

LONGEST_NAME = 60
LONGEST_QUERY = 2000
MOST_FILTERS = 50


def lay_out(user: User, page: str, columns: Sequence[str], page_size: int | None) -> None:
    """Which columns of a list a person sees (none: the usual ones), and how many rows at once (None: as elsewhere)."""
    size = page_size if page_size in PAGE_SIZES else None
    ListLayout.objects.update_or_create({"columns": list(columns), "page_size": size}, user_id=user.pk, list=page)


def keep_filter(user: User, page: str, name: str, query: str) -> None:
    """Keeps a filter under a name, in place of one that had it. Raises ValidationError."""
    name = " ".join(name.replace("\0", "").split())
    if not name:
        raise ValidationError(_("Give the filter a name."))
    if len(name) > LONGEST_NAME or len(query) > LONGEST_QUERY:
        raise ValidationError(_("This name or filter is too long: at most 60 characters for a name."))
    own = SavedFilter.objects.filter(user_id=user.pk, list=page)
    if own.exclude(name=name).count() >= MOST_FILTERS:
        raise ValidationError(_("You have 50 filters for this list. Remove one first."))
    SavedFilter.objects.update_or_create({"query": query}, user_id=user.pk, list=page, name=name)


def forget_filter(user: User, page: str, pk: int) -> None:
    """Removes one of one's own."""
    SavedFilter.objects.filter(user_id=user.pk, list=page, pk=pk).delete()
