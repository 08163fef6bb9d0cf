"""Long answers, a piece at a time. Under ASGI Django gathers a plain iterator whole before it sends the first byte."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import IO, cast

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header

from console.crud import schema

PIECE = 256 * 1024
Pieces = Iterator[str] | Iterator[bytes]


def download(request: HttpRequest, pieces: Pieces, name: str, content_type: str) -> StreamingHttpResponse:
    """`pieces` as a file to save under `name`, which the browser never shows by itself."""
    if schema.current():
        pieces = cast("Pieces", iter(list(pieces)))  # the request leaves the draft before the first piece is sent
    content = _one_by_one(pieces) if isinstance(request, ASGIRequest) else pieces
    return StreamingHttpResponse(content, content_type=content_type, headers=_to_save(name))


def small_file(content: bytes | str, name: str, content_type: str) -> HttpResponse:
    """The same for what is there as a whole."""
    return HttpResponse(content, content_type=content_type, headers=_to_save(name))


def _to_save(name: str) -> dict[str, str]:
    return {"Content-Disposition": content_disposition_header(True, name) or "", "X-Content-Type-Options": "nosniff"}


def pieces_of(file: IO[bytes]) -> Iterator[bytes]:
    """A file's content; closes it."""
    with file:
        while piece := file.read(PIECE):
            yield piece


async def _one_by_one(pieces: Pieces) -> AsyncIterator[str | bytes]:
    following = sync_to_async(lambda: next(pieces, None))
    while (piece := await following()) is not None:
        yield piece
