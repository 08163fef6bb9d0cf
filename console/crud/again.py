"""Where somebody comes back to: a page of ours, and a list as it was left, with its filter, its order and its page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme

from console.crud.kind import Kind, Page
from console.crud.listing import query_with

KEPT = "lists"
LONGEST = 2000


def own_page(address: str) -> str:
    """What a form or a link names as the page to come back to; empty for what is no path here."""
    is_ours = address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if is_ours else ""


def remember(request: HttpRequest, pages: Kind) -> None:
    """Keeps what the list is asked for, for who comes back in this session."""
    kept: dict[str, Any] = request.session.get(KEPT, {})
    query = query_with(request.GET)
    if kept.get(pages.list_name(), "") != query and len(query) <= LONGEST:
        request.session[KEPT] = kept | {pages.list_name(): query}


def query_to_restore(request: HttpRequest, pages: Kind) -> str:
    """What the list was asked for when it was left, for who comes from a page below it and asks for nothing."""
    if request.GET or not _comes_from_below(request, pages):
        return ""
    return str(request.session.get(KEPT, {}).get(pages.list_name(), ""))


def _comes_from_below(request: HttpRequest, pages: Kind) -> bool:
    """By the address that the browser names: not one of another site, of the list, or of a row of it."""
    came = urlsplit(request.headers.get("Referer", ""))
    if came.netloc != request.get_host() or not came.path.startswith(pages.url(Page.LIST)):
        return False
    try:
        name = resolve(came.path).view_name
    except Resolver404:
        return False
    return name not in (pages.list_name(), f"{pages.namespace}:{pages.prefix}{Page.DETAILS}")
