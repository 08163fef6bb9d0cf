"""Files that a script on the page wrote, for as long as it takes to fetch them."""

from __future__ import annotations

import secrets

from django.core.cache import cache

SECONDS = 900


def keep(user_id: int, name: str, content: bytes) -> str:
    """Keeps a file for its owner and returns the key under which it can be fetched."""
    key = secrets.token_urlsafe(18)
    cache.set(f"shell-file:{user_id}:{key}", (name, content), SECONDS)
    return key


def fetch(user_id: int, key: str) -> tuple[str, bytes] | None:
    """(name, content), or None when it is gone or somebody else's."""
    found: tuple[str, bytes] | None = cache.get(f"shell-file:{user_id}:{key}")
    return found
