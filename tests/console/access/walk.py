"""Through the pages as a reader goes, by their links, each kind once; then those that only a button leads to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from os.path import commonpath
from typing import Any
from urllib.parse import urlsplit

from django.urls import NoReverseMatch, Resolver404, URLResolver, get_resolver, resolve, reverse
from playwright.sync_api import Page

from console.crud.kind import Page as Kind

KIND_OF_PAGE = ("tab", "step", "provider")
"""What in an address makes another page of it, and not another object on the same page."""
LINKS = "links => links.filter(link => link.origin === origin).map(link => link.pathname + link.search)"
FORMS_ALONE = {Kind.ACT, Kind.VIEW, Kind.CSV, Kind.TAGS, Kind.REMOVE, Kind.SEVERAL}
"""Of a list: what takes forms, or is a file. (Pages that they show are states, see there.)"""
NO_PAGES = {
    "publishing:choose", "accounts:sign-out", "accounts:theme", "processes:healthz", "overview:revision-state",
    "commands:script", "management_shell:completion", "management_shell:download", "queues:connector-state",
    "queues:export", "queues:message-html", "queues:message-file", "queues:outcome", "certificates:authority",
    "certificates:request-file", "certificates:chain", "directory:export", "mailboxes:message-html",
    "mailboxes:message-file", "mailboxes:attachment", "tracking:list-file", "tracking:session-file",
    "events:list-file", "what_if:unsaved", "relay_proof:download",
}  # fmt: skip
"""Files, forms, and parts of pages."""
STATES = {
    "overview:search": "a search", "moving_in:preview": "an import", "moving_in:object": "an object of an import",
    "queues:ask": "a question about a queue", "directory:import-progress": "a list of recipients",
    "refused": "a refusal, explained", "accounts:sign-in": "signed out",
}  # fmt: skip
"""Pages that need more than an address, and the state of `test_states.py` in which each is looked at."""
OF_OTHERS = {"credentials:sign-in"}
"""A page that waits for somebody else's answer: `tests/console/credentials/`."""


def pages(area: str) -> dict[str, str]:
    """View → its place in the URL conf, of every page whose address begins as the pattern `area` says."""
    every = dict(_pages(get_resolver().url_patterns))
    left_out = STATES.keys() | OF_OTHERS
    return {name: route for name, route in every.items() if re.match(area, route) and name not in left_out}


def _pages(patterns: Iterable[Any], prefix: str = "/", spaces: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    for each in patterns:
        route = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _pages(each.url_patterns, route, (*spaces, *filter(None, [each.namespace])))
        elif (name := ":".join((*spaces, each.name))) not in NO_PAGES and _is_shown(each.callback):
            yield name, route


def _is_shown(callback: Any) -> bool:
    view = getattr(callback, "view_class", None)
    kind = getattr(callback, "view_initkwargs", {}).get("page")
    return kind not in FORMS_ALONE and (view is None or hasattr(view, "get"))


def walk(page: Page, site: str, area: str, look: Callable[[], None]) -> set[str]:
    """Calls `look` on each page whose address begins as the pattern `area` says, from the one that is open on, and
    returns their views. `site` is scheme, host and port.
    """
    seen: set[tuple[str, ...]] = set()
    known: dict[str, dict[str, Any]] = {}
    waiting = _links(page, area)
    while waiting := waiting or _beside(area, known):
        url = waiting.pop(0)
        if (kind := _kind(url)) is None:
            continue
        known.setdefault(kind[0], resolve(urlsplit(url).path).kwargs)
        if kind not in seen:
            page.goto(site + url)
            seen |= {kind, _kind(urlsplit(page.url).path) or kind}
            look()
            waiting += _links(page, area)
    return {name for name, *_rest in seen}


def _beside(area: str, known: Mapping[str, dict[str, Any]]) -> list[str]:
    """Pages without a link, of the objects of pages next to them."""
    routes = pages(area)
    found = (_address(name, routes, known) for name in routes if name not in known)
    return [url for url in found if url]


def _address(name: str, routes: Mapping[str, str], known: Mapping[str, dict[str, Any]]) -> str:
    near = sorted(set(known) & set(routes), key=lambda other: -len(commonpath([routes[name], routes[other]])))
    for other in near:
        try:
            return reverse(name, kwargs=known[other])
        except NoReverseMatch:
            continue
    return ""


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
