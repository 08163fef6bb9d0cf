"""Who reads a page, and how they like it: put on each request by `console.accounts.preferences`."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

THEMES = ("light", "dark", "auto")
PAGE_SIZES = (25, 50, 100, 250)


@dataclass(frozen=True, slots=True)
class Reader:
    """`time_zone`: the name of the zone that they chose; empty: that of their browser. `page_size`: rows of a list;
    None: as many as the list has by itself. `theme`: one of `THEMES`. `language`: the one that they chose; empty: that
    of their browser.
    """

    time_zone: str = ""
    page_size: int | None = None
    theme: str = "auto"
    language: str = ""


def reader_of(request: HttpRequest) -> Reader:
    """Whoever it is; one who has said nothing, where nobody looked."""
    found: Reader = getattr(request, "reader", None) or Reader()
    return found
