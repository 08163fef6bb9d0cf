"""/healthz and /metrics: the smallest HTTP server that a probe is content with."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec

from transport.config import bounds

Health = Callable[[], Awaitable[tuple[bool, dict[str, object]]]]
Metrics = Callable[[], Awaitable[str]]


async def serve(address: str, health: Health, metrics: Metrics) -> asyncio.Server:
    """Listen on `address` (host:port). Raises OSError."""
    host, _, port = address.rpartition(":")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(bounds.PROBE.seconds):
                request = await reader.readuntil(b"\r\n\r\n")
                writer.write(await _response(request.split(b" ", 2)[1], health, metrics))
                await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, host.strip("[]"), int(port), limit=bounds.PROBE.octets or 0)


async def _response(path: bytes, health: Health, metrics: Metrics) -> bytes:
    if path == b"/healthz":
        healthy, facts = await health()
        return _http("200 OK" if healthy else "503 Service Unavailable", "application/json", msgspec.json.encode(facts))
    if path == b"/metrics":
        return _http("200 OK", "text/plain; version=0.0.4", (await metrics()).encode())
    return _http("404 Not Found", "text/plain", b"/healthz and /metrics live here\n")


def _http(status: str, kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body
