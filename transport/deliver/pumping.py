"""Octets from one socket to another and back, until either ends."""

import socket
import ssl
from contextlib import suppress
from select import select
from time import monotonic

PIECE = 65536
SILENCE = 60.0
"""Seconds that one side may take for what the other has sent."""


def pump(far: socket.socket, near: socket.socket, until: float) -> int:
    """Until one side ends, or that time (monotonic) has come; returns how many octets came from afar."""
    came = 0
    far.settimeout(SILENCE)
    near.settimeout(SILENCE)
    with suppress(OSError):
        while True:
            for one in _ready(far, near, until):
                data = one.recv(PIECE)
                if not data:
                    return came
                came += len(data) if one is far else 0
                (near if one is far else far).sendall(data)
    return came


def _ready(far: socket.socket, near: socket.socket, until: float) -> list[socket.socket]:
    """Those that have something to read. Raises TimeoutError."""
    if isinstance(far, ssl.SSLSocket) and far.pending():
        return [far]
    found = select([far, near], [], [], max(0.0, until - monotonic()))[0]
    if not found:
        raise TimeoutError
    return found
