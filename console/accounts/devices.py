"""A browser that once signed in as a user carries a signed mark that says so."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

COOKIE = "gatepost_device"
AGE = 90 * 86400


def device_of(request: HttpRequest, name: str) -> str:
    """The mark of a browser that has signed in as `name` before, else empty."""
    try:
        known, mark = signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=AGE)
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return mark if known == name.strip().casefold() else ""


def name_of_device(request: HttpRequest) -> str:
    """Who signed in with this browser last, as `casefold` makes it; empty where nobody did."""
    try:
        known, _mark = signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=AGE)
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(known)


def remember_device(response: HttpResponse, name: str) -> None:
    value = signing.dumps([name.strip().casefold(), secrets.token_urlsafe(12)], salt=COOKIE)
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(COOKIE, value, max_age=AGE, httponly=True, samesite="Strict", secure=secure)
