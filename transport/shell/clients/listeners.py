"""The sockets of the revision in force: opened and closed one by one, so that no running session notices."""

import asyncio
import contextlib
import errno
import logging
import os
from collections.abc import Callable

import msgspec

from transport.config.endpoint import Binding
from transport.config.snapshot import Snapshot
from transport.shell.master.borrowed import Own, Source
from transport.shell.sockets import Sockets, bound_socket

log = logging.getLogger(__name__)
_WORDS = {
    errno.EADDRINUSE: "another program listens there already",
    errno.EADDRNOTAVAIL: "this machine has no such address",
    errno.EACCES: "ports below 1024 need more rights than this process has",
    errno.EAFNOSUPPORT: "this machine has no addresses of this family",
}


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something to show on a connector: which one, which binding, what is wrong. `elsewhere`: this machine has no such
    address, so that it may be another one's.
    """

    connector: str
    binding: str
    message: str
    elsewhere: bool = False


class Listeners:
    """All methods are for the event loop's thread."""

    def __init__(self, protocol: Callable[[], asyncio.Protocol], source: Source | None = None) -> None:
        """`source`: who has the sockets; none: we."""
        self._protocol, self._source = protocol, source or Own(Sockets({}))
        self._open: dict[Binding, asyncio.Server] = {}
        self._failed: dict[Binding, str] = {}
        self._elsewhere: set[Binding] = set()
        self._wanted: dict[Binding, list[str]] = {}
        self._opening = asyncio.Lock()

    @property
    def bindings(self) -> list[str]:
        """Those on which clients are answered."""
        return sorted(str(binding) for binding in self._wanted if self._listening_for(binding) in self._open)

    async def match(self, snapshot: Snapshot) -> None:
        """Listen on what the enabled connectors bind to, and on nothing else but what systemd has opened: there clients
        are told that no connector answers.
        """
        async with self._opening:
            await self._match(snapshot)

    async def open_missing(self) -> None:
        """Try again what could not be opened; for every few seconds."""
        async with self._opening:
            await self._open_missing()

    async def _match(self, snapshot: Snapshot) -> None:
        self._wanted = {}
        for connector in snapshot.receive_connectors:
            for binding in connector.bindings if connector.enabled else ():
                self._wanted.setdefault(binding, []).append(connector.name)
        listening = set(map(self._listening_for, self._wanted)).union(self._source.given)
        for binding in self._open.keys() - listening:
            self._open.pop(binding).close()
            log.info("no longer listening on %s", binding)
        await self._source.keep(listening)
        self._failed = {binding: words for binding, words in self._failed.items() if binding in self._wanted}
        await self._open_missing()

    async def _open_missing(self) -> None:
        both = dict.fromkeys([*self._wanted, *self._source.given])
        for binding in [one for one in both if one not in self._open]:
            try:
                await self._listen(binding)
            except OSError as error:
                self._say(binding, error)
                continue
            self._failed.pop(binding, None)
            self._elsewhere.discard(binding)

    async def _listen(self, binding: Binding) -> None:
        """Raises OSError when clients of the binding would come to nobody."""
        if self._listening_for(binding) != binding:
            bound_socket(Binding(binding.ip, 0)).close()
            return
        listening = await self._source.get(binding)
        self._open[binding] = await asyncio.get_running_loop().create_server(self._protocol, sock=listening)
        log.info("listening on %s", binding)

    def _listening_for(self, binding: Binding) -> Binding:
        """Whose socket takes the clients of a binding. One to every address takes those of single addresses too: Linux
        lets only one of the two listen on a port, where Exchange opens both."""
        every = Binding("::" if ":" in binding.ip else "0.0.0.0", binding.port)
        return every if every in self._wanted or every in self._source.given else binding

    def _say(self, binding: Binding, error: OSError) -> None:
        strange = os.strerror(error.errno) if error.errno else str(error) or "the master does not answer"
        words = _WORDS.get(error.errno or 0) or strange
        if self._failed.get(binding) != words:
            log.warning("cannot listen on %s: %s", binding, words)
        self._failed[binding] = words
        if error.errno == errno.EADDRNOTAVAIL:
            self._elsewhere.add(binding)
        else:
            self._elsewhere.discard(binding)

    @property
    def is_deaf(self) -> bool:
        """Whether clients that come to this machine are not answered: on one of its addresses, or on none at all."""
        return bool(self._failed.keys() - self._elsewhere) or bool(self._wanted and not self._open)

    @property
    def problems(self) -> list[Problem]:
        """What is not listened on, in words, for each connector that wants it."""
        return [
            Problem(connector, str(binding), f"Cannot listen on {binding}: {words}.", binding in self._elsewhere)
            for binding, words in self._failed.items()
            for wanted, connectors in self._wanted.items()
            if binding in (wanted, self._listening_for(wanted))
            for connector in connectors
        ]

    def close(self) -> None:
        """Stop listening; sessions go on."""
        for server in self._open.values():
            with contextlib.suppress(OSError):
                server.close()
        self._open.clear()
        self._source.close()
        self._wanted.clear()
