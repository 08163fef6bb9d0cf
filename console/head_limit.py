"""The head of a request: how long it may be, and how long it may take. `uvicorn --http` takes the protocol."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from console.body_limit import HEADERS, Application, Message, Receive, Send, refuse
from transport.config import bounds

MOST_TARGET = bounds.REQUEST_TARGET.octets or 0
MOST_HEAD = bounds.REQUEST_HEAD.octets or 0
SECONDS = bounds.REQUEST_HEAD.seconds or 0
TARGET_TOO_LONG = 414, b"This address is longer than any that leads somewhere here.\n"
HEAD_TOO_LARGE = 431, b"The header of this request is too large: delete this site's cookies.\n"


class HeadLimit:
    """ASGI: a request target or header beyond its bound is answered before anything reads it."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if len(scope.get("raw_path") or b"") + len(scope.get("query_string", b"")) > MOST_TARGET:
            return await refuse(send, *TARGET_TOO_LONG)
        if sum(len(name) + len(value) for name, value in scope.get("headers", ())) > MOST_HEAD:
            return await refuse(send, *HEAD_TOO_LARGE)
        return await self._application(scope, receive, send)


class PunctualProtocol(H11Protocol):
    """HTTP as uvicorn speaks it, for clients that say in time what they want."""

    _waiting: asyncio.TimerHandle | None = None

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.conn = h11.Connection(h11.SERVER, MOST_HEAD)  # else a head of 16 KB is refused if it comes in two pieces

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait()

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._head_is_here()

    def send_400_response(self, msg: str) -> None:
        """For what h11 cannot read: no HTTP, or a head without an end."""
        status, text = self._what_is_wrong(msg)
        answer = (h11.Response(status_code=status, headers=HEADERS), h11.Data(data=text), h11.EndOfMessage())
        with suppress(h11.LocalProtocolError):  # an answer is under way already
            for event in answer:
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _what_is_wrong(self, msg: str) -> tuple[int, bytes]:
        unread = self.conn.trailing_data[0]
        if len(unread) > MOST_TARGET and b"\n" not in unread[:MOST_TARGET]:
            return TARGET_TOO_LONG
        return HEAD_TOO_LARGE if len(unread) > MOST_HEAD else (400, msg.encode())

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(SECONDS, self.transport.close)

    def _head_is_here(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
