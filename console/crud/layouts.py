"""What a person has chosen for a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # apps are loaded after this file
    from django.contrib.auth.models import User


@dataclass(frozen=True, slots=True)
class Layout:
    """Keys of columns, none for the usual ones; rows of a page, None as elsewhere."""

    columns: Sequence[str] = ()
    page_size: int | None = None


def layout_of(user: User, page: str) -> Layout:
    from console.crud.models import ListLayout

    found = ListLayout.objects.filter(user_id=user.pk, list=page).values_list("columns", "page_size").first()
    return Layout(*found) if found else Layout()


def saved_filters(user: User, page: str) -> Iterable[Any]:
    """One's own, by name."""
    from console.crud.models import SavedFilter

    return SavedFilter.objects.filter(user_id=user.pk, list=page)
