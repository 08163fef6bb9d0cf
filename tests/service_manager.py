"""The end of systemd: what processes tell it (sd_notify)."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest


class Manager:
    """The end of systemd; `told` is all that it has heard."""

    def __init__(self, address: str) -> None:
        self.heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.heard.bind(address)
        self.heard.setblocking(False)
        self._told: list[str] = []

    @property
    def told(self) -> list[str]:
        try:
            while True:
                self._told.append(self.heard.recv(4096).decode())
        except BlockingIOError:
            return self._told


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    """A name in no file system, which every account can reach."""
    name = f"gatepost-test-{os.getpid()}"
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
    heard = Manager(f"\0{name}")
    yield heard
    heard.heard.close()
