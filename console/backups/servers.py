"""The database of a copy that is stopped, or that is being made: its own PostgreSQL, started for that time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from console.processes import sockets
from console.processes.account import Account
from console.processes.data_directory import Lock
from console.processes.home import Home, HomeError
from console.processes.postgres import Postgres

PATIENCE = 60.0


@contextmanager
def of_copy(home: Home) -> Iterator[str]:
    """Where the database of a copy is, whether it runs or not; a stopped one stays stopped meanwhile. HomeError."""
    found = os.environ.get("DATABASE_URL") or home.running().get("database_url")
    if found and (not is_embedded(found, home.path) or answers(found)):
        yield found
        return
    account = Account.unprivileged(home.path)
    if not (home.path / "postgres" / "data").is_dir():
        raise HomeError(f"There is no copy in {home.path}: set GATEPOST_HOME, and DATABASE_URL where it has one.")
    lock = Lock(home)
    try:
        with started(home.path, account) as url:
            yield url
    finally:
        lock.close()


def elsewhere(home: Path) -> str:
    """The database that DATABASE_URL names; empty where it is the embedded one of this data directory, or none."""
    named = os.environ.get("DATABASE_URL", "")
    return "" if named and is_embedded(named, home) else named


def is_embedded(url: str, home: Path) -> bool:
    """Whether the server of an address is the embedded one of a data directory, running or not."""
    host = str(conninfo_to_dict(url).get("host") or "")
    return host.startswith("/") and Path(host).resolve() == (home / "sockets").resolve()


def answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _last_line(log: Path) -> str:
    return (log.read_text(errors="replace").strip().splitlines() or ["it said nothing."])[-1]


@contextmanager
def started(home: Path, account: Account, durable: bool = True) -> Iterator[str]:
    """An embedded PostgreSQL in that data directory, made where there is none; its address. HomeError."""
    postgres = Postgres(home / "postgres", sockets.directory(home, account), account, durable)
    program = postgres.prepare()
    log = home / "postgres" / "restore.log"
    with log.open("ab") as output:
        process = program.start(output)
    try:
        until = time.monotonic() + PATIENCE
        while not postgres.answers():
            if process.poll() is not None or time.monotonic() > until:
                raise HomeError(f"PostgreSQL does not start: {_last_line(log)}")
            time.sleep(0.05)
        postgres.make_database()
        yield postgres.url
    finally:
        program.stop(process)
        log.unlink(missing_ok=True)
