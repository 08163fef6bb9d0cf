"""No request may be larger or slower than any form of ours, and a stranger's is far less: Django writes a whole body to
disk before it asks who sends it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from time import monotonic
from typing import Any

from transport.config import bounds
from transport.config.bounds import Bound

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]
SignedIn = Callable[[Iterable[tuple[bytes, bytes]]], Awaitable[bool]]
"""Do these headers belong to a session of somebody who has signed in?"""

HEADERS = [
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"content-security-policy", b"default-src 'none'"),
    (b"connection", b"close"),
]
TOO_LARGE = 413, b"This is larger than anything that can be sent here.\n"
TOO_SLOW = 408, b"This did not arrive in time. Send it again.\n"


async def refuse(send: Send, status: int, text: bytes) -> None:
    """The whole answer, after which the connection ends: nobody reads what else is sent."""
    await send({"type": "http.response.start", "status": status, "headers": HEADERS})
    await send({"type": "http.response.body", "body": text})


class BodyLimit:
    """ASGI: what is announced too large is answered 413 at once; what grows too large or comes too slowly is cut off.
    The session is asked for only once a body is more than a stranger's may be."""

    def __init__(self, application: Application, signed_in: SignedIn) -> None:
        self._application, self._signed_in = application, signed_in

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        body = _Body(receive, scope.get("headers", ()), self._signed_in)
        announced = dict(scope.get("headers", ())).get(b"content-length", b"0")
        if announced.isdigit() and await body.is_too_large(int(announced[:20])):
            await refuse(send, *TOO_LARGE)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        await self._application(scope, body.receive, watched)
        if body.refused and not started:
            await refuse(send, *body.refused)


class _Body:
    """A request's body as it arrives, under the row of `bounds` for whoever sends it."""

    def __init__(self, receive: Receive, headers: Iterable[tuple[bytes, bytes]], signed_in: SignedIn) -> None:
        self._receive, self._headers, self._signed_in = receive, headers, signed_in
        self._row: Bound = bounds.STRANGERS_BODY
        self._taken, self._began, self._complete = 0, monotonic(), False
        self.refused: tuple[int, bytes] | None = None

    async def receive(self) -> Message:
        """The next piece; once there was too much or too little of it, the application is told that nobody is there."""
        if self._complete:
            return await self._receive()
        message = await self._in_time()
        self._taken += len(message.get("body", b"")) if message else 0
        self._complete = not (message and message.get("more_body"))
        if message and not await self.is_too_large(self._taken):
            return message
        self.refused = TOO_LARGE if message else TOO_SLOW
        return {"type": "http.disconnect"}

    async def is_too_large(self, octets: int) -> bool:
        return octets > (self._row.octets or 0) and not (await self._may_more() and octets <= (self._row.octets or 0))

    async def _in_time(self) -> Message | None:
        while True:
            try:
                async with asyncio.timeout(self._began + (self._row.seconds or 0) - monotonic()):
                    return await self._receive()
            except TimeoutError:
                if not await self._may_more():
                    return None

    async def _may_more(self) -> bool:
        """Does the row of those who have signed in hold from now on? False when it does already."""
        if self._row is bounds.ADMINISTRATORS_BODY or not await self._signed_in(self._headers):
            return False
        self._row = bounds.ADMINISTRATORS_BODY
        return True
