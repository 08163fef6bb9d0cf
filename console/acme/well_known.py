"""What an authority asks for while it proves a name by http-01 (RFC 8555 §8.3): whoever asks gets it, on any node.

It stands before everything else: the authority asks for the name that is proved, which is no name of the console, and
has no session.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from console.acme.models import LaidOut

PLACE = "/.well-known/acme-challenge/"
TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}")
KIND = "application/octet-stream"


class WellKnown:
    """Middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(PLACE):
            return self._get_response(request)
        token = request.path.removeprefix(PLACE)
        if request.method not in ("GET", "HEAD") or not TOKEN.fullmatch(token):
            return _answer("", 404)
        found = LaidOut.objects.filter(token=token, record="").values_list("value", flat=True).first()
        return _answer(found or "", 200 if found else 404)


def _answer(text: str, status: int) -> HttpResponse:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(text, KIND, status, headers=headers)
