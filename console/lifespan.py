"""The console as a process that systemd runs: when it listens, and that its event loop turns."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Never

from django.conf import settings

from console.body_limit import Application, Message, Receive, Send
from console.processes.address import Address
from transport import service_manager

AGAIN = 0.05
TURN_EVERY = 5.0
"""Seconds between two tries to reach ourselves; and between two signs of life."""


class Lifespan:
    """ASGI: hears that the server starts (`uvicorn --lifespan on`), just before it listens."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            return await self._application(scope, receive, send)
        await receive()
        turning = asyncio.create_task(_turn(Address.parse(settings.GATEPOST_CONSOLE, "GATEPOST_CONSOLE").from_here))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        service_manager.stopping()
        turning.cancel()
        await send({"type": "lifespan.shutdown.complete"})


async def _turn(console: Address) -> Never:
    while not await _listens(console):  # noqa: ASYNC110 (a few times at the very start)
        await asyncio.sleep(AGAIN)
    service_manager.ready()
    while True:
        service_manager.alive()
        await asyncio.sleep(TURN_EVERY)


async def _listens(console: Address) -> bool:
    with suppress(OSError):
        _, opened = await asyncio.open_connection(console.host.strip("[]"), console.port)
        opened.close()
        return True
    return False
