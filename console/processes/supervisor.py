"""Start every process of this copy, keep it running, stop it in order. `manage.py up` is this."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from time import monotonic
from typing import Any

from console.processes import code, programs, report, sockets
from console.processes.account import ROOT_ALLOWED, Account
from console.processes.address import Address, free_port
from console.processes.child import describe, private_log
from console.processes.children import Children
from console.processes.data_directory import Lock, settle
from console.processes.home import Home, HomeError, write_private
from console.processes.names import kind_of
from console.processes.postgres import Postgres
from console.processes.program import Program
from console.processes.valkey import Valkey
from transport import node

TICK = 0.1


class Stopped(Exception):
    """Somebody asked us to end."""


class Supervisor:
    def __init__(self, home: Home) -> None:
        self._account = Account.unprivileged(home.path)
        code.check(self._account)
        self._workers = _workers()
        self._home = settle(home, self._account)
        self._lock = Lock(self._home)
        self._console = Address.parse(os.environ.get("GATEPOST_CONSOLE") or "127.0.0.1:8000", "GATEPOST_CONSOLE")
        self._children = Children(self._home.logs, say)
        self._environment: dict[str, str] = {}
        self._stopping = self._restarting = False

    def run(self) -> None:
        """Until SIGINT, SIGTERM or SIGHUP; SIGUSR1 restarts the processes. HomeError when it cannot start."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        signal.signal(signal.SIGUSR1, self._ask_to_restart)
        try:
            self._start()
            while True:
                self._tick()
                if self._restarting:
                    self._restart()
        except Stopped:
            say("Stopping…")
        finally:
            self._children.stop()
            self._home.run_file.unlink(missing_ok=True)
            self._lock.close()
        say("Stopped. Everything is kept for the next start.")

    def _ask_to_stop(self, *_: object) -> None:
        self._stopping = True

    def _ask_to_restart(self, *_: object) -> None:
        self._restarting = True

    def _restart(self) -> None:
        """One process after the other, from the code on disk: who reads the journal before who writes it. The servers
        stay, and so does what runs when the database cannot be prepared for new code.
        """
        self._restarting = False
        say("Restarting…")
        try:
            user, ours = self._code()
            self._prepare(programs.prepare(user, self._environment, ours))
        except HomeError as error:
            say(f"Nothing was restarted: {error}")
            return
        order = ("forwarder", "transport", "worker", "outbound", "beat", "console")
        for program in sorted(self._services(user, ours), key=lambda one: order.index(kind_of(one.name)[0])):
            self._children.restart(program.name, program)
            self._write_run_file()
        say("Restarted.")

    def _tick(self) -> None:
        if self._stopping:
            raise Stopped
        if self._children.heal() and self._environment:
            self._write_run_file()
        time.sleep(TICK)

    def _start(self) -> None:
        self._console.check_free("GATEPOST_CONSOLE")
        say(f"Data directory: {self._home.path}")
        user, ours = self._code()
        if user is not self._account:
            say(f"Attention: console, workers, forwarder and beat run as root, because {ROOT_ALLOWED} is set.")
        self._environment = _environment(self._home, self._console, self._account) | self._start_servers()
        had_password = self._home.admin_password_file.exists()
        self._prepare(programs.prepare(user, self._environment, ours))
        say("Starting transport, forwarder, console, worker, outbound and beat…")
        for program in self._services(user, ours):
            self._children.start(program.name, lambda program=program: program)  # type: ignore[misc]  # a lambda with a default
        self._write_run_file()
        facts = self._await(lambda: _in_order(self._console), 60) or report.facts(self._console) or {}
        print(report.ready(self._home, self._console, facts, not had_password), flush=True)

    def _services(self, user: Account, ours: code.Code) -> list[Program]:
        return programs.services(self._console, user, self._environment, ours, self._workers)

    def _code(self) -> tuple[Account, code.Code]:
        """As whom the processes run, and from where."""
        found = code.for_account(self._account, self._home)
        return (self._account, found) if found else (programs.ourselves(), code.HERE)

    def _start_servers(self) -> dict[str, str]:
        """Those that the environment does not name; their addresses."""
        addresses = {name: os.environ.get(name, "") for name in ("DATABASE_URL", "REDIS_URL")}
        listening = sockets.directory(self._home.path, self._account)
        if not addresses["DATABASE_URL"]:
            postgres = Postgres(self._home.path / "postgres", listening, self._account)
            say("Starting PostgreSQL…" if postgres.data.exists() else "Making a PostgreSQL (the first start only)…")
            self._start_server("postgresql", postgres)
            addresses["DATABASE_URL"] = postgres.url
        if not addresses["REDIS_URL"]:
            say("Starting Valkey…")
            valkey = Valkey(self._home.path / "redis", listening, self._account)
            self._start_server("valkey", valkey)
            addresses["REDIS_URL"] = valkey.url
        return addresses

    def _start_server(self, name: str, server: Postgres | Valkey) -> None:
        """HomeError, whatever is in the way: which server, why, and where to look."""
        try:
            child = self._children.start(name, server.prepare)
            self._await(lambda: child.has_failed or server.answers(), 60)
            if child.has_failed or not server.answers():
                raise HomeError(
                    f"{name} does not start. {server.remedy} Its log, {child.log}, ends with:\n{report.tail(child.log)}"
                )
            if isinstance(server, Postgres):
                server.make_database()
        except (HomeError, Stopped):
            raise
        except Exception as error:
            log = self._home.logs / f"{name}.log"
            raise HomeError(f"{name} cannot be started: {describe(error)}. Its log: {log}.") from error

    def _prepare(self, program: Program) -> None:
        say("Preparing the database…")
        with open(self._home.logs / "prepare.log", "wb", opener=private_log) as output:
            process = program.start(output)
        while process.poll() is None:
            self._tick()
        if process.returncode:
            raise HomeError(report.tail(self._home.logs / "prepare.log").removeprefix("CommandError: "))

    def _await(self, condition: Callable[[], Any], seconds: float) -> Any:
        deadline = monotonic() + seconds
        while not (value := condition()):
            if monotonic() > deadline:
                return None
            self._tick()
        return value

    def _write_run_file(self) -> None:
        facts = {
            "database_url": self._environment["DATABASE_URL"],
            "redis_url": self._environment["REDIS_URL"],
            "console": str(self._console),
            "health": self._environment["GATEPOST_HEALTH"],
            "node": self._environment["GATEPOST_NODE"],
            "pids": {"supervisor": os.getpid(), **self._children.pids()},
        }
        write_private(self._home.run_file, json.dumps(facts, indent=2) + "\n")


def _workers() -> int:
    try:
        return node.workers()
    except ValueError as error:
        raise HomeError(str(error)) from None


def _environment(home: Home, console: Address, account: Account) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if name.startswith("GATEPOST_") and value}
    return {
        "GATEPOST_NODE": socket.gethostname(),
        "GATEPOST_HEALTH": f"127.0.0.1:{free_port()}",
        **given,
        "GATEPOST_HOME": str(home.path),
        "GATEPOST_CONSOLE": str(console),
        "GATEPOST_USER": account.name,
        "PYTHONUNBUFFERED": "1",
    }


def _in_order(console: Address) -> Mapping[str, object] | None:
    facts = report.facts(console)
    return facts if facts and facts["ok"] else None


def say(text: str) -> None:
    print(f"{datetime.now():%H:%M:%S}  {text}", flush=True)
