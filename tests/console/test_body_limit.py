"""Whoever sends too much is stopped before it lies on our disk."""

from __future__ import annotations

import asyncio
from typing import Any

from console.body_limit import MOST, BodyLimit


def ask(pieces: list[bytes], headers: list[tuple[bytes, bytes]]) -> tuple[int, int, bool]:
    """Status, octets that the application got, and whether it was told that the client is gone."""
    taken, gone, status = 0, False, 0
    waiting = iter(pieces)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": next(waiting), "more_body": True}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        nonlocal taken, gone
        for _ in pieces:
            message = await receive()
            if gone := message["type"] == "http.disconnect":
                return
            taken += len(message["body"])
        await send({"type": "http.response.start", "status": 200})

    asyncio.run(BodyLimit(application)({"type": "http", "headers": headers}, receive, send))
    return status, taken, gone


def test_what_is_announced_too_large_is_refused_unread() -> None:
    assert ask([b"x"], [(b"content-length", str(MOST + 1).encode())]) == (413, 0, False)


def test_what_grows_too_large_is_cut_off() -> None:
    piece = bytes(MOST // 4)
    assert ask([piece] * 5, []) == (0, MOST, True)
    assert ask([piece] * 4, [(b"content-length", str(MOST).encode())]) == (200, MOST, False)
