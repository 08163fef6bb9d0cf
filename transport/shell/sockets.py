"""Listening sockets: opened once for all transports of a node, or given by systemd (sd_listen_fds(3))."""

import os
import socket
from collections.abc import Mapping

from transport.config.endpoint import Binding

BACKLOG = 1024
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
    if variables.get("LISTEN_PID") != str(os.getpid()):
        return {}
    found = {}
    for handle in range(first, first + int(variables.get("LISTEN_FDS") or 0)):
        os.set_inheritable(handle, False)
        one = socket.socket(fileno=handle)
        if one.family in (socket.AF_INET, socket.AF_INET6) and one.type == socket.SOCK_STREAM:
            one.setblocking(False)
            ip, port = one.getsockname()[:2]
            found[Binding(ip, port)] = one
    return found


class Sockets:
    """The sockets of a node: each is opened when it is first asked for, and stays until nobody wants it."""

    def __init__(self, from_outside: Mapping[Binding, socket.socket]) -> None:
        self._given = dict(from_outside)
        self._open: dict[Binding, socket.socket] = {}

    def get(self, binding: Binding) -> socket.socket:
        """The socket, which stays ours. Raises OSError."""
        if (found := self._given.get(binding) or self._open.get(binding)) is None:
            found = self._open[binding] = listening_socket(binding)
        return found

    def stands_in_the_way(self, binding: Binding) -> bool:
        """Whether one of ours has this port at another address, and may be about to go."""
        return any(one.port == binding.port and one != binding for one in self._open)

    def keep(self, wanted: set[Binding]) -> None:
        """Close what was opened for a binding that is not wanted any more. What was given stays: it is not ours."""
        for binding in self._open.keys() - wanted:
            self._open.pop(binding).close()
