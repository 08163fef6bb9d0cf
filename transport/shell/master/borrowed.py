"""Where a transport gets its listening sockets: the master has them, or, without a master, it opens them itself."""

import errno
import logging
import os
import socket
from collections.abc import Collection
from typing import Protocol

from transport.config.endpoint import Binding
from transport.shell.master.channel import Channel
from transport.shell.sockets import Sockets

log = logging.getLogger(__name__)


class Source(Protocol):
    """`get` gives a socket that is the caller's to close, or raises OSError. `given`: those that systemd has opened,
    and which nobody but it can close: who comes there waits until somebody answers.
    """

    @property
    def given(self) -> Collection[Binding]: ...
    async def get(self, binding: Binding) -> socket.socket: ...
    async def keep(self, wanted: set[Binding]) -> None: ...
    def close(self) -> None: ...


class Own:
    """Sockets of a transport without a master: with it they go."""

    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets

    @property
    def given(self) -> Collection[Binding]:
        return self._sockets.given

    async def get(self, binding: Binding) -> socket.socket:
        return self._sockets.get(binding).dup()

    async def keep(self, wanted: set[Binding]) -> None:
        self._sockets.keep(wanted)

    def close(self) -> None:
        self._sockets.keep(set())


class Borrowed:
    """Sockets of the master: clients that come while nobody listens wait for who comes next."""

    def __init__(self, channel: Channel, given: Collection[Binding] = ()) -> None:
        self._channel, self.given = channel, given

    async def get(self, binding: Binding) -> socket.socket:
        number, handed = await self._channel.ask("socket", [binding.ip, binding.port])
        if handed is None:
            raise OSError(number, os.strerror(number or errno.EIO))
        handed.setblocking(False)
        return handed

    async def keep(self, wanted: set[Binding]) -> None:
        """The master closes what nobody wants any more."""
        try:
            await self._channel.ask("keep", [[binding.ip, binding.port] for binding in sorted(wanted)])
        except OSError as error:
            log.error("the master does not answer: %s", error)

    def close(self) -> None:
        """They stay open for the others."""
