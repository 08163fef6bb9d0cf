"""/healthz and /metrics: the smallest HTTP server that a probe is content with."""

import asyncio
from contextlib import suppress

import msgspec

from transport.config import bounds
from transport.shell.clients.reception import Reception
from transport.shell.metrics import prometheus
from transport.shell.report import Report


async def serve(host: str, port: int, report: Report, reception: Reception) -> asyncio.Server:
    """Listen. Raises OSError."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(bounds.PROBE.seconds):
                request = await reader.readuntil(b"\r\n\r\n")
                writer.write(_response(request.split(b" ", 2)[1], report, reception))
                await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, host, port, limit=bounds.PROBE.octets or 0)


def _response(path: bytes, report: Report, reception: Reception) -> bytes:
    if path == b"/healthz":
        healthy, facts = report.health()
        return _http("200 OK" if healthy else "503 Service Unavailable", "application/json", msgspec.json.encode(facts))
    if path == b"/metrics":
        revision = reception.in_force.policy.snapshot.revision if reception.in_force else None
        text = prometheus(reception.traffic, len(reception.sessions), revision, reception.protocol_log.lost)
        return _http("200 OK", "text/plain; version=0.0.4", text.encode())
    return _http("404 Not Found", "text/plain", b"/healthz and /metrics live here\n")


def _http(status: str, kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body
