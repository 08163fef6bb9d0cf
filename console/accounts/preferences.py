"""How the signed-in person likes to read, looked up once for each request."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from django.contrib.auth.models import User
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from console.accounts.models import Preferences
from console.crud import times
from console.crud.reader import THEMES, Reader

ZONE_COOKIE, THEME_COOKIE = "zone", "theme"


class ReadersPreferences:
    """Middleware: puts the reader on the request, and their time zone and language in force. The browser's zone comes
    by a cookie; its language is in force already.
    """

    def __init__(self, following: Callable[[HttpRequest], HttpResponse]) -> None:
        self.following = following

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reader = _reader(request)
        request.reader = reader  # type: ignore[attr-defined]
        name = reader.time_zone or unquote(request.COOKIES.get(ZONE_COOKIE, ""))
        with timezone.override(times.zone(name)), translation.override(reader.language or translation.get_language()):
            response = self.following(request)
            response.headers.setdefault("Content-Language", translation.get_language())
            return response


def of(user: User) -> Preferences:
    """What they have chosen; of who has chosen nothing, that."""
    return Preferences.objects.filter(user=user).first() or Preferences(user=user, time_zone="", theme="", language="")


def _reader(request: HttpRequest) -> Reader:
    """Who has not signed in has a theme only, and so has everybody while PostgreSQL is away."""
    shown = request.COOKIES.get(THEME_COOKIE, "")
    shown = shown if shown in THEMES else "auto"
    try:
        if not isinstance(request.user, User):
            return Reader(theme=shown)
        chosen = of(request.user)
    except DatabaseError:
        return Reader(theme=shown)
    return Reader(chosen.time_zone, chosen.page_size, chosen.theme or shown, chosen.language)
