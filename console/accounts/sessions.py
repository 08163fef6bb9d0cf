"""Whose session is it, asked before Django has a request."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.db import DatabaseError, connection
from django.http import HttpRequest, parse_cookie


async def signed_in(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Do these headers of a request belong to somebody who has signed in? Not while PostgreSQL is away."""
    cookies = "; ".join(value.decode("latin-1") for name, value in headers if name == b"cookie")
    key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME)
    return bool(key) and await sync_to_async(_is_open)(str(key))


def _is_open(key: str) -> bool:
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    try:
        return bool(get_user(request).is_authenticated)
    except DatabaseError:
        return False
    finally:
        connection.close()
