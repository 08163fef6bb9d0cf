"""Where an accepted domain's mail is handed on to: a host and its port, or a Unix socket of this machine."""

from __future__ import annotations

import re
from ipaddress import ip_address

import msgspec

from transport.config.endpoint import parse_range
from transport.config.host_name import host_name

LONGEST_PATH = 107
"""Octets that the system takes as the address of a Unix socket."""
_PATH = re.compile(r"(?:/[\w.:@+-]+)+", re.ASCII)


class DeliveryHost(msgspec.Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """`name` is a host name, an address in brackets, or the absolute path of a socket; `port` 0 is the usual one."""

    name: str
    port: int = 0

    def __str__(self) -> str:
        return f"{self.name}:{self.port}" if self.port else self.name

    @property
    def is_socket(self) -> bool:
        """Whether it is a Unix socket of this machine."""
        return self.name.startswith("/")


def parse(text: str) -> DeliveryHost:
    """`mail.contoso.com`, `[10.1.2.3]:2525`, `[::1]:24`, `/run/dovecot/lmtp`. Raises ValueError with what to write."""
    path = text.removeprefix("unix:")
    if path.startswith("/"):
        return DeliveryHost(_path(path))
    name, colon, port_text = text.rpartition(":")
    if not colon or text.endswith("]") or _is_address(text):
        name, port_text = text, "0"
    if not port_text.isdigit() or (colon and name is not text and not 1 <= int(port_text) <= 65535):
        raise ValueError(f"“{text}”: the port must be from 1 to 65535.")
    bare = name.removeprefix("[").removesuffix("]")
    return DeliveryHost(f"[{parse_range(bare)}]" if _is_address(bare) else host_name(name), int(port_text))


def _path(path: str) -> str:
    if len(path) > LONGEST_PATH:
        raise ValueError(f"“{path}”: the path of a socket has at most {LONGEST_PATH} characters.")
    if not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
        raise ValueError(f"“{path}” is no path of a socket. Write it whole, like /run/dovecot/lmtp.")
    return path


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
