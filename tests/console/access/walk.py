"""Through the pages as a reader goes, by their links: each kind of page once."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from playwright.sync_api import Page

KIND_OF_PAGE = ("tab", "step", "provider")
"""What in an address makes another page of it, and not another object on the same page."""
LINKS = "links => links.filter(link => link.origin === origin).map(link => link.pathname + link.search)"


def walk(page: Page, site: str, area: str, look: Callable[[], None]) -> int:
    """Calls `look` on each page whose address begins as the pattern `area` says, from the one that is open on; how
    many there were. `site` is scheme, host and port.
    """
    seen: set[tuple[str, ...]] = set()
    waiting = _links(page, area)
    while waiting:
        url = waiting.pop(0)
        if (kind := _kind(url)) is None or kind in seen:
            continue
        page.goto(site + url)
        seen |= {kind, _kind(urlsplit(page.url).path) or kind}
        look()
        waiting += _links(page, area)
    return len(seen)


def _links(page: Page, area: str) -> list[str]:
    """Of the page's own part first: its objects come before those of a menu."""
    own, all_ = (page.eval_on_selector_all(f"{place} a[href]:not([download])", LINKS) for place in ("main", "body"))
    return [link for link in own + all_ if re.match(area, link)]


def _kind(url: str) -> tuple[str, ...] | None:
    try:
        found = resolve(urlsplit(url).path)
    except Resolver404:
        return None
    return found.view_name, *(str(found.kwargs.get(name, "")) for name in KIND_OF_PAGE)
