"""What a reader sees when a request cannot be answered. 400 and 500 need no database: it may be the trouble."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from console.overview import away


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    text = _("The browser sent something that cannot be read as a request. Nothing was changed. Go back and try again.")
    return _alone(400, _("This request cannot be read"), text)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    text = _(
        "Nothing was changed. Somebody with Organization Management can give you another role: see Administrators."
    )
    return _in_frame(request, 403, _("Your role does not allow this"), f"{exception} {text}".strip())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    text = _("The address is not complete, or the object was removed in the meantime: the change history tells.")
    return _in_frame(request, 404, _("There is nothing here"), text)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    text = _(
        "You signed in or out since it was loaded. Nothing was changed. Go back, reload the page and send it again."
    )
    return _alone(403, _("This form is too old"), text)


def failed(request: HttpRequest) -> HttpResponse:
    """Django calls it while it handles the error."""
    if server := away.server_of(sys.exc_info()[1]):
        away.noticed(server)
        return away.page(request, server)
    text = _("Mail is not affected: the transports work without the console. The cause stands in the console's log.")
    return _alone(500, _("The console could not do this"), text)


def _in_frame(request: HttpRequest, code: int, title: str, text: str) -> HttpResponse:
    return render(request, "errors/page.html", {"code": code, "title": title, "text": text}, status=code)


def _alone(code: int, title: str, text: str) -> HttpResponse:
    return HttpResponse(
        render_to_string("errors/alone.html", {"code": code, "title": title, "text": text}), status=code
    )
