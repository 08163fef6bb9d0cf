"""A page with errors gets an address of its own, so that Back and Reload show it again instead of asking the browser to
send the form anew.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from secrets import token_urlsafe

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.cache import add_never_cache_headers
from redis import RedisError

PARAMETER = "errors"
KEPT_FOR = 3600
"""Seconds."""
LARGEST = 2 * 1024 * 1024
"""Octets of a page; a larger one is shown as before."""


class ErrorsAgain:
    """Middleware. Only for what a browser asks for as a whole page; the page waits in Redis, for its reader alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = request.GET.get(PARAMETER, "") if request.method == "GET" else ""
        again = _kept(request, token) if token and request.user.is_authenticated else None
        if again is not None:
            return again
        response = self.get_response(request)
        return _with_address(request, response) if _is_page_with_errors(request, response) else response


def _is_page_with_errors(request: HttpRequest, response: HttpResponse) -> bool:
    return (
        request.method == "POST"
        and response.status_code == 422
        and not response.streaming
        and request.headers.get("Sec-Fetch-Mode") == "navigate"
        and request.user.is_authenticated
        and len(response.content) <= LARGEST
    )


def _with_address(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    token = token_urlsafe(12)
    try:
        cache.set(_place(request, token), zlib.compress(response.content), KEPT_FOR)
    except RedisError:
        return response
    return HttpResponseRedirect(f"{request.path}?{PARAMETER}={token}")


def _kept(request: HttpRequest, token: str) -> HttpResponse | None:
    try:
        page = cache.get(_place(request, token))
    except RedisError:
        return None
    if page is None:
        return None
    response = HttpResponse(zlib.decompress(page))
    add_never_cache_headers(response)
    return response


def _place(request: HttpRequest, token: str) -> str:
    """The session's key is part of it: signing out lets nobody come back."""
    return f"errors:{request.session.session_key}:{request.path}:{token[:32]}"
