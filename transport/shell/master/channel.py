"""What a transport and the master ask each other, over a pair of Unix sockets; an answer may carry a descriptor."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import msgspec

LONGEST = 1 << 18
"""Octets of a message; Linux lets nobody send more at once by default."""
PATIENCE = 5.0

Given = tuple[Any, socket.socket | None]
log = logging.getLogger(__name__)


class _Message(msgspec.Struct):
    """A question has words, an answer has none."""

    number: int
    question: str = ""
    said: Any = None


class Channel:
    """For the event loop's thread. `answer` is asked (question, what was said), and may take its time."""

    def __init__(
        self,
        end: socket.socket,
        loop: asyncio.AbstractEventLoop,
        answer: Callable[[str, Any], Awaitable[Given]],
        gone: Callable[[], None],
    ) -> None:
        """`gone` is called once, when the other side is no more."""
        end.setblocking(False)
        self._end, self._loop, self._answer, self._gone = end, loop, answer, gone
        self._number = 0
        self._asked: dict[int, asyncio.Future[Given]] = {}
        self._answering: set[asyncio.Task[None]] = set()
        loop.add_reader(end.fileno(), self._hear)

    async def ask(self, question: str, said: Any = None, patience: float = PATIENCE) -> Given:
        """The answer; who gets a socket closes it. Raises OSError, also TimeoutError after so many seconds."""
        self._number += 1
        number = self._number
        asked: asyncio.Future[Given] = self._loop.create_future()
        self._asked[number] = asked
        try:
            self._say(_Message(number, question, said))
            async with asyncio.timeout(patience):
                return await asked
        finally:
            self._asked.pop(number, None)

    def close(self) -> None:
        """Who still waits for an answer hears ConnectionError."""
        if self._end.fileno() < 0:
            return
        self._loop.remove_reader(self._end.fileno())
        self._end.close()
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(ConnectionError("the other side has gone"))

    def _say(self, message: _Message, handed: socket.socket | None = None) -> None:
        handles = [handed.fileno()] if handed is not None else []
        socket.send_fds(self._end, [msgspec.json.encode(message)], handles)

    def _hear(self) -> None:
        try:
            data, handles, _, _ = socket.recv_fds(self._end, LONGEST, 1)
        except BlockingIOError:
            return
        except OSError:
            data, handles = b"", []
        handed = socket.socket(fileno=handles[0]) if handles else None
        if not data:
            self.close()
            self._gone()
            return
        message = msgspec.json.decode(data, type=_Message)
        if message.question:
            task = self._loop.create_task(self._reply(message))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        else:
            self._answered(message, handed)

    def _answered(self, message: _Message, handed: socket.socket | None) -> None:
        asked = self._asked.get(message.number)
        if asked is not None and not asked.done():
            asked.set_result((message.said, handed))
        elif handed is not None:
            handed.close()

    async def _reply(self, message: _Message) -> None:
        try:
            said, handed = await self._answer(message.question, message.said)
            with suppress(OSError):  # it has gone, or hangs
                self._say(_Message(message.number, "", said), handed)
        except Exception:
            log.exception("the question %r of another process", message.question)
