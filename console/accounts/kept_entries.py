"""What somebody had entered in a form when the session ended, kept for after the sign-in."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from console.accounts.devices import name_of_device
from console.crud.secret_fields import is_secret

log = logging.getLogger(__name__)
KEPT = "kept_entries"
LONGEST = 256 * 1024
"""Characters of all entries together: the longest list of ranges fits, and no more is stored of one browser."""


class SignInRequired(LoginRequiredMiddleware):
    """Sends to the sign-in who has no session (any more). A form that comes without one is kept where its page can show
    it again (`keeps_entries` of its view), of a browser in which somebody had signed in: strangers store nothing.
    """

    def process_view(self, request: HttpRequest, view_func: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        answer = super().process_view(request, view_func, args, kwargs)
        if answer is None and request.user.is_authenticated and request.method == "GET" and KEPT in request.session:
            _give_back(request)
        return answer

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponseRedirect:
        if request.method != "POST":
            return super().handle_no_permission(request, view_func)
        if _comes_back(view_func):
            _keep(request)
            return super().handle_no_permission(request, view_func)
        return redirect_to_login(_page_before(request))


def _comes_back(view: Any) -> bool:
    """Whether the page of this address shows the form: of a kind of object those of a new and of an existing one do."""
    page = getattr(view, "view_initkwargs", {}).get("page")
    return getattr(getattr(view, "view_class", None), "keeps_entries", False) and page in (None, "new", "edit", "copy")


def _keep(request: HttpRequest) -> None:
    name, entries = name_of_device(request), request.POST.copy()
    for field in [each for each in entries if "confirmation" in each or is_secret(each)]:
        del entries[field]
    text = entries.urlencode()
    if name and not request.headers.get("HX-Request") and len(text) <= LONGEST:
        request.session[KEPT] = {"path": request.path, "entries": text, "name": name}


def _give_back(request: HttpRequest) -> None:
    """To the page that they were entered on, and to nobody else; once."""
    kept = request.session[KEPT]
    if request.headers.get("HX-Request") or (request.path != kept["path"] and _is_part(request)):
        return
    del request.session[KEPT]
    if request.path == kept["path"] and request.user.get_username().casefold() == kept["name"]:
        request.kept_entries = QueryDict(kept["entries"])  # type: ignore[attr-defined]
        messages.info(request, _("Your session had ended. What you entered is here: look at it, then save."))


def _is_part(request: HttpRequest) -> bool:
    """Whether this is asked for by a page, not by the reader."""
    return request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"


def _page_before(request: HttpRequest) -> str:
    """Where the reader was: what only does something cannot be looked at."""
    before = urlsplit(request.headers.get("Referer", ""))
    return before.path if before.netloc == request.get_host() and before.path.startswith("/") else "/"
