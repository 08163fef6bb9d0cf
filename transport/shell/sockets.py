"""Listening sockets: opened once for all transports of a node, or given by systemd (sd_listen_fds(3))."""

import os
import socket
from collections.abc import Iterable, Mapping

from transport import service_manager
from transport.config.endpoint import Binding

BACKLOG = 1024
HELD = "held-"
"""What the names of sockets begin with that we have left with systemd."""
FIRST_GIVEN = 3
"""SD_LISTEN_FDS_START of sd_listen_fds(3)."""


def listening_socket(binding: Binding) -> socket.socket:
    """A TCP socket bound to the binding and listening. Raises OSError."""
    fresh = bound_socket(binding)
    try:
        fresh.listen(BACKLOG)
    except OSError:
        fresh.close()
        raise
    return fresh


def bound_socket(binding: Binding) -> socket.socket:
    """A TCP socket bound to the binding; port 0 is any that is free. Raises OSError."""
    family = socket.AF_INET6 if ":" in binding.ip else socket.AF_INET
    fresh = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        fresh.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            fresh.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        fresh.bind((binding.ip, binding.port))
    except OSError:
        fresh.close()
        raise
    return fresh


def given(variables: Mapping[str, str], first: int = FIRST_GIVEN) -> dict[Binding, socket.socket]:
    """The sockets that systemd has opened for this process, by what they are bound to."""
    names = _names(variables)
    return _sockets(first + place for place, name in enumerate(names) if not name.startswith(HELD))


def left(variables: Mapping[str, str], first: int = FIRST_GIVEN) -> dict[Binding, socket.socket]:
    """The sockets that a process before this one has opened, and which systemd has held since."""
    return _sockets(first + place for place, name in enumerate(_names(variables)) if name.startswith(HELD))


def _names(variables: Mapping[str, str]) -> list[str]:
    """Of the descriptors that are for this process."""
    if variables.get("LISTEN_PID") != str(os.getpid()):
        return []
    names = variables.get("LISTEN_FDNAMES", "").split(":")
    many = int(variables.get("LISTEN_FDS") or 0)
    return (names + [""] * many)[:many]


def _sockets(handles: Iterable[int]) -> dict[Binding, socket.socket]:
    found = {}
    for handle in handles:
        os.set_inheritable(handle, False)
        one = socket.socket(fileno=handle)
        if one.family in (socket.AF_INET, socket.AF_INET6) and one.type == socket.SOCK_STREAM:
            one.setblocking(False)
            ip, port = one.getsockname()[:2]
            found[Binding(ip, port)] = one
    return found


class Sockets:
    """The sockets of a node: each is opened when it is first asked for, and stays until nobody wants it. systemd holds
    them too, so that they stay open from one process to the next; `left` are those of the former."""

    def __init__(
        self, from_outside: Mapping[Binding, socket.socket], left: Mapping[Binding, socket.socket] | None = None
    ) -> None:
        self._given, self._open = dict(from_outside), dict(left or {})

    @property
    def given(self) -> tuple[Binding, ...]:
        """What systemd has opened, and nobody but it can close."""
        return tuple(self._given)

    def get(self, binding: Binding) -> socket.socket:
        """The socket, which stays ours. Raises OSError."""
        if (found := self._given.get(binding) or self._open.get(binding)) is None:
            found = self._open[binding] = listening_socket(binding)
            service_manager.hold(_name(binding), found)
        return found

    def stands_in_the_way(self, binding: Binding) -> bool:
        """Whether one of ours has this port at another address, and may be about to go."""
        return any(one.port == binding.port and one != binding for one in self._open)

    def keep(self, wanted: set[Binding]) -> None:
        """Close what was opened for a binding that is not wanted any more. What was given stays: it is not ours."""
        for binding in self._open.keys() - wanted:
            self._open.pop(binding).close()
            service_manager.let_go(_name(binding))


def of_this_process(variables: Mapping[str, str]) -> Sockets:
    """With those that systemd has for it."""
    return Sockets(given(variables), left(variables))


def _name(binding: Binding) -> str:
    return f"{HELD}{binding.ip.replace(':', '_')}-{binding.port}"
