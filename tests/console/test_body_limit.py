"""Whoever sends too much, or too slowly, is stopped before it lies on our disk."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.test import Client

from console.accounts.sessions import signed_in as has_session
from console.actors import Role
from console.body_limit import BodyLimit
from transport.config import bounds

STRANGER, ADMINISTRATOR = bounds.STRANGERS_BODY.octets or 0, bounds.ADMINISTRATORS_BODY.octets or 0
SILENCE = b""


def ask(pieces: list[bytes], headers: list[tuple[bytes, bytes]] = [], session: bool = False) -> tuple[int, int]:  # noqa: B006
    """Status, and octets that the application got before it answered or was told that the client is gone."""
    taken, status, waiting = 0, 0, [*pieces, None]

    async def receive() -> dict[str, Any]:
        if waiting[0] is SILENCE:
            await asyncio.Event().wait()
        piece = waiting.pop(0)
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        nonlocal taken
        while (message := await receive())["type"] != "http.disconnect":
            taken += len(message["body"])
            if not message["more_body"]:
                return await send({"type": "http.response.start", "status": 200})

    async def is_signed_in(_: object) -> bool:
        return session

    asyncio.run(BodyLimit(application, is_signed_in)({"type": "http", "headers": headers}, receive, send))
    return status, taken


def announced(octets: int) -> list[tuple[bytes, bytes]]:
    return [(b"content-length", str(octets).encode())]


@pytest.mark.parametrize(("session", "most"), [(False, STRANGER), (True, ADMINISTRATOR)])
def test_what_is_announced_too_large_is_refused_unread(session: bool, most: int) -> None:
    assert ask([b"x"], announced(most + 1), session) == (413, 0)
    assert ask([b"x"], announced(most), session) == (200, 1)
    assert ask([b"x"], [(b"content-length", b"9" * 5000)], session) == (413, 0)


@pytest.mark.parametrize(("session", "most"), [(False, STRANGER), (True, ADMINISTRATOR)])
def test_what_grows_too_large_is_cut_off(session: bool, most: int) -> None:
    piece = bytes(most // 4)
    assert ask([piece] * 4, session=session) == (200, most)
    assert ask([piece] * 4 + [b"x"], session=session) == (413, most)


def test_a_body_that_does_not_end_is_cut_off_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "STRANGERS_BODY", msgspec.structs.replace(bounds.STRANGERS_BODY, seconds=0.02))
    assert ask([b"abc", SILENCE]) == (408, 3)


def test_somebody_who_has_signed_in_has_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "STRANGERS_BODY", msgspec.structs.replace(bounds.STRANGERS_BODY, seconds=0))
    assert ask([b"abc"] * 3, session=True) == (200, 9)
    monkeypatch.setattr(bounds, "ADMINISTRATORS_BODY", msgspec.structs.replace(bounds.ADMINISTRATORS_BODY, seconds=0))
    assert ask([b"abc", SILENCE], session=True)[0] == 408


@pytest.mark.django_db(transaction=True)
def test_only_the_cookie_of_an_open_session_counts(signed_in: Any) -> None:
    browser: Client = signed_in(Role.VIEW_ONLY)
    cookie = browser.cookies[settings.SESSION_COOKIE_NAME].value

    def counts(value: str) -> bool:
        return asyncio.run(has_session([(b"cookie", f"a=b; {settings.SESSION_COOKIE_NAME}={value}".encode())]))

    assert counts(cookie)
    assert not counts("") and not counts("x" * 32) and not asyncio.run(has_session([]))
    browser.logout()
    assert not counts(cookie)
