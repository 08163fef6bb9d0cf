"""A connection whose roles are swapped: what comes from the client goes to the thread that speaks as the client now,
and back, through a pair of sockets; so TLS stays where it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol


class Turned(Protocol):
    """A connection that we have opened: by which Receive connector we answer on it, its ends (address and port), and
    version and cipher of TLS.
    """

    @property
    def connector(self) -> str: ...
    @property
    def local(self) -> tuple[str, int]: ...
    @property
    def remote(self) -> tuple[str, int]: ...
    @property
    def tls(self) -> str: ...


class Far(Protocol):
    """The client's end."""

    def push(self, data: bytes) -> None: ...
    def pause(self) -> None: ...
    def go_on(self) -> None: ...


class Pipe(asyncio.Protocol):
    """Our end of the pair."""

    def __init__(self, far: Far, over: Callable[[], None]) -> None:
        """`over` is called once the thread has ended the conversation."""
        self._far, self._over = far, over
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # of a socket
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._far.push(data)

    def connection_lost(self, error: Exception | None) -> None:
        self._over()

    def pause_writing(self) -> None:
        self._far.pause()

    def resume_writing(self) -> None:
        self._far.go_on()

    def send(self, data: bytes) -> None:
        """What the client says."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def hold(self, held: bool) -> None:
        """Whether the client reads too slowly."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading() if held else self._transport.resume_reading()

    def close(self) -> None:
        """The client has gone."""
        if self._transport is not None:
            self._transport.close()
