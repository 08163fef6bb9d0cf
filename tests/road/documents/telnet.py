"""A session by hand, as the documents type it into telnet."""

from __future__ import annotations

import socket
from contextlib import suppress
from select import select

from tests.waiting import wait_for

PATIENCE = 30  # seconds


class Telnet:
    """`with Telnet(place) as session:` has read the greeting; `say` sends a line and returns the reply's lines."""

    def __init__(self, place: str, source: str = "127.0.0.1") -> None:
        host, _, port = place.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), PATIENCE, source_address=(source, 0))
        self.file = self.socket.makefile("rb")
        self.greeting = self.reply()[0]

    def __enter__(self) -> Telnet:
        return self

    def __exit__(self, *error: object) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        self.file.close()
        self.socket.close()

    def reply(self) -> list[str]:
        """The next reply, a line each; an empty line when the server has closed."""
        found: list[str] = []
        while not found or found[-1][3:4] == "-":
            found.append(self.file.readline().decode().rstrip("\r\n"))
        return found

    def type(self, *lines: str) -> None:
        self.socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def say(self, *lines: str) -> list[str]:
        self.type(*lines)
        return self.reply()

    def each(self, *lines: str) -> list[str]:
        """The first line of the reply to each of these commands."""
        return [self.say(line)[0] for line in lines]

    def speaks_within(self, seconds: float) -> bool:
        """Whether the server says something unasked."""
        return bool(select([self.socket], [], [], seconds)[0])

    @property
    def closed(self) -> bool:
        """Whether the server closes without another word."""
        return self.file.readline() == b""


def greeting(place: str, source: str = "127.0.0.1") -> str:
    """What a client reads first; nothing when nobody listens."""
    with suppress(OSError), Telnet(place, source) as session:
        return session.greeting
    return ""


def wait_for_greeting(place: str, begin: str, source: str = "127.0.0.1") -> None:
    """Until the transport has what was saved."""
    wait_for(lambda: greeting(place, source).startswith(begin), f"{place} does not greet {source} with “{begin}”")
