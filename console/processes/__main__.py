"""One process of this copy in place of ours, for whoever keeps processes running instead of `manage.py up`: systemd.

`python -m console.processes NAME`: transport, forwarder, console, worker, outbound (of which there may be several:
worker-2, outbound-2 and so on), beat, prepare, or an embedded server, postgresql or valkey. `manage …` is manage.py in
the same surroundings, `answers NAME` waits for an embedded server, `settle` makes the data directory ready. The
environment is README.md's; root becomes the owner of the data.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping

from console.processes import programs, sockets
from console.processes.account import Account
from console.processes.address import Address
from console.processes.data_directory import settle
from console.processes.home import CHECKOUT, Home, HomeError
from console.processes.names import kind_of
from console.processes.postgres import Postgres
from console.processes.program import Program
from console.processes.valkey import Valkey
from transport.node import MOST_WORKERS

LONGEST_START = 60.0
AGAIN = 0.1
PATIENCE = "3600"
"""Seconds that the database may take; between two looks at it; and that `prepare` waits for one that is elsewhere."""


class Copy:
    """What belongs to the data directory that the environment names."""

    def __init__(self) -> None:
        self.home = Home.of_environment()
        self.account = Account.unprivileged(self.home.path)
        _become(self.account)
        listening = sockets.directory(self.home.path, self.account)
        self.postgres = Postgres(self.home.path / "postgres", listening, self.account)
        self.valkey = Valkey(self.home.path / "redis", listening, self.account)

    def program(self, name: str, arguments: list[str]) -> Program:
        """What runs under this name. Raises HomeError."""
        console = Address.parse(os.environ.get("GATEPOST_CONSOLE") or "127.0.0.1:8000", "GATEPOST_CONSOLE")
        environment = self._environment(console)
        match name:
            case "postgresql":
                return self.postgres.prepare()
            case "valkey":
                return self.valkey.prepare()
            case "manage":
                command = [sys.executable, str(CHECKOUT / "manage.py"), *arguments]
                return Program(name, command, self.account, environment)
            case "prepare":
                found = programs.prepare(self.account, environment)
                found.command.extend(["--wait", PATIENCE])
                return found
        _, number = kind_of(name)
        of_several = programs.services(console, self.account, environment, workers=min(number, MOST_WORKERS))
        services = {each.name: each for each in of_several}
        if name not in services:
            raise HomeError(f"There is no process {name}.\n\n{__doc__}")
        return services[name]

    def _environment(self, console: Address) -> Mapping[str, str]:
        return {
            "GATEPOST_HOME": str(self.home.path),
            "GATEPOST_CONSOLE": str(console),
            "GATEPOST_USER": self.account.name,
            "DATABASE_URL": os.environ.get("DATABASE_URL") or self.postgres.url,
            "REDIS_URL": os.environ.get("REDIS_URL") or self.valkey.url,
            "PYTHONUNBUFFERED": "1",
        }

    def await_server(self, name: str) -> None:
        """Raises HomeError when it does not answer in time."""
        server = self.postgres if name == "postgresql" else self.valkey
        deadline = time.monotonic() + LONGEST_START
        while not server.answers():
            if time.monotonic() > deadline:
                raise HomeError(f"{name} does not answer. {server.remedy}")
            time.sleep(AGAIN)
        if isinstance(server, Postgres):
            server.make_database()


def _become(account: Account) -> None:
    if not account.is_ourselves:
        os.setgroups([])
        os.setgid(account.gid)
        os.setuid(account.uid)
        os.environ["HOME"] = "/"


def _replace_us(program: Program) -> None:
    """The same process id: it is the one that systemd knows."""
    if program.directory:
        os.chdir(program.directory)
    os.execve(program.command[0], program.command, {**os.environ, **program.environment})


def main(arguments: list[str]) -> None:
    os.umask(0o077)
    match arguments:
        case ["settle"]:
            settle(Home.of_environment(), Account.unprivileged())
        case ["answers", ("postgresql" | "valkey") as name]:
            Copy().await_server(name)
        case [name, *others] if name == "manage" or not others:
            _replace_us(Copy().program(name, others))
        case _:
            raise HomeError(__doc__ or "")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except HomeError as error:
        sys.exit(str(error))
