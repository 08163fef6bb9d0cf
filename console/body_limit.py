"""No request may be larger than any form of ours: Django writes a whole body to disk before it asks who sends it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

MOST = 96 * 1024 * 1024
"""Octets: half as much again as the largest list that the import takes, so that a form can still say what is wrong."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
TYPE = (b"content-type", b"text/plain; charset=utf-8")
POLICY = (b"content-security-policy", b"default-src 'none'")


class BodyLimit:
    """ASGI: an announced body beyond `MOST` is answered 413; one that grows beyond it unannounced is cut off."""

    def __init__(self, application: Callable[[Message, Receive, Send], Awaitable[None]]) -> None:
        self._application = application

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        announced = dict(scope.get("headers", ())).get(b"content-length", b"0")
        if announced.isdigit() and int(announced[:20]) > MOST:
            await send({"type": "http.response.start", "status": 413, "headers": [TYPE, POLICY]})
            await send({"type": "http.response.body", "body": b"This is larger than anything that can be sent here.\n"})
            return
        taken = 0

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            return message if taken <= MOST else {"type": "http.disconnect"}

        await self._application(scope, limited, send)
