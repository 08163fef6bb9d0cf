"""host:port of a listener."""

from __future__ import annotations

import errno
import os
import random
import socket
from contextlib import suppress
from dataclasses import dataclass

from console.processes.home import HomeError

EVERY_INTERFACE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


@dataclass(frozen=True)
class Address:
    """An IPv6 host stands in brackets in the text, bare in `host`."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str, variable: str) -> Address:
        host, _, port = text.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            raise HomeError(f"{variable}={text} is not an address: write host:port, for example 127.0.0.1:8000.")
        return cls(host.strip("[]"), int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def from_here(self) -> Address:
        """Where a client on this machine finds the listener."""
        return Address(EVERY_INTERFACE.get(self.host, self.host), self.port)

    def check_free(self, variable: str) -> None:
        """HomeError, with what to do, when nothing can listen there."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((self.host, self.port))
                probe.listen()
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            why = "is in use by another program" if taken else f"cannot be opened ({os.strerror(error.errno or 0)})"
            raise HomeError(f"{self} {why}. Choose another address: {variable}=127.0.0.1:{self.port + 1}") from error


_given: set[int] = set()


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens now, below those that the kernel gives to outgoing connections:
    one of these could take the port while its server is being started again. Never one that was given before:
    nobody may listen on it yet."""
    while True:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _given:
                _given.add(port)
                return port
