"""The PROXY header of a load balancer, as it comes in over the socket."""

from transport.config import bounds
from transport.receive.front_end import broken, front_end, late, spoken
from transport.receive.outcome import Outcome
from transport.shell import clock
from transport.shell.clients.reception import InForce
from transport.smtp.proxy_header import BrokenHeader, Endpoint

SECONDS = bounds.PROXY_HEADER.seconds or 0
MOST = bounds.PROXY_HEADER.lines or 0
"""Connections that wait for their header, in this transport."""


class Introduction:
    """Under the revision with which it began."""

    __slots__ = ("_buffer", "_in_force", "_local", "_remote")

    def __init__(self, in_force: InForce, local: Endpoint, remote: Endpoint) -> None:
        self._in_force, self._local, self._remote = in_force, local, remote
        self._buffer = b""

    def take(self, data: bytes) -> tuple[Outcome, bytes] | None:
        """What comes of the header, and what came behind it; None while more of it is to come."""
        in_force = self._in_force
        self._buffer += data
        return spoken(in_force.policy, self._local, self._remote, self._buffer, clock.now(), in_force.tls.available)

    def late(self) -> Outcome:
        """The header has not come in time."""
        return late(self._in_force.policy, self._local, self._remote)

    def cut_off(self) -> Outcome | None:
        """The connection ended first. Who has said nothing has looked whether the port is open, which is no fault."""
        if not self._buffer:
            return None
        error = BrokenHeader("the connection ended before the header did")
        return broken(self._in_force.policy, self._local, self._remote, error)


def introduction(in_force: InForce, local: Endpoint, remote: Endpoint) -> Introduction | None:
    """For a peer that has to send a header first; None for every other client."""
    if front_end(in_force.policy, local, remote) is None:
        return None
    return Introduction(in_force, local, remote)
