"""A PostgreSQL of two hosts: the first one dies, the second is promoted, and mail goes on without anybody's help."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from console.processes.account import Account
from console.processes.home import CHECKOUT, new_secret_key, write_private
from console.processes.postgres import USER, Postgres, find_binaries, reachable
from tests.deliver.conftest import Journal
from tests.waiting import wait_for
from transport.postgresql import lively
from transport.shell.forward.forwarder import Forwarder
from transport.shell.journal.segment import BODIES


class Host(Postgres):
    """One that others may copy, and follow."""

    def _say_who_may_connect(self) -> None:
        super()._say_who_may_connect()
        file = self.directory / "pg_hba.conf"
        write_private(file, f"{file.read_text()}local replication {USER} peer map=gatepost\n")


class Pair:
    """A primary and its standby, which has what was committed before whoever wrote it hears of that."""

    def __init__(self, folder: Path, account: Account) -> None:
        self.account, self.running = account, []
        self.first, self.second = (self._host(folder / name) for name in ("a", "b"))

    def _host(self, folder: Path) -> Host:
        self.account.own(folder)
        return Host(self.account.own(folder / "postgres"), self.account.own(folder / "s"), self.account, durable=False)

    running: list[subprocess.Popen[bytes]]

    @property
    def url(self) -> str:
        both = ",".join(quote(str(each.sockets), safe="") for each in (self.first, self.second))
        return f"postgresql://{USER}@/gatepost?host={both}&target_session_attrs=read-write"

    def start(self) -> None:
        self._start(self.first)
        self.first.make_database()
        binaries = reachable(find_binaries(), self.account, self.first.directory)
        self._with(binaries / "pg_basebackup", "-h", self.first.sockets, "-U", USER, "-R", "-X", "stream",
                   "-c", "fast", "-D", self.second.data)  # fmt: skip
        self._start(self.second)
        with psycopg.connect(self.first.url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("ALTER SYSTEM SET synchronous_commit = 'on'")
            connection.execute("SELECT pg_reload_conf()")

    def fail_over(self) -> None:
        self.running[0].kill()
        self.running[0].wait()
        with psycopg.connect(self.second.url, autocommit=True) as connection:
            connection.execute("SELECT pg_promote()")

    def _start(self, host: Host) -> None:
        self.running.append(host.prepare().start(subprocess.DEVNULL))
        wait_for(host.answers, "PostgreSQL does not answer", 60)

    def _with(self, *command: object) -> None:
        subprocess.run(list(map(str, command)), check=True, cwd="/", **self.account.popen())


@pytest.fixture
def pair() -> Iterator[Pair]:
    account = Account.unprivileged()
    with tempfile.TemporaryDirectory(prefix="gp-pair-") as name:
        Path(name).chmod(0o755)
        made = Pair(Path(name), account)
        try:
            made.start()
            yield made
        finally:
            for process in made.running:
                with suppress(ProcessLookupError):
                    process.kill()
                process.wait()


@pytest.mark.timeout(240)
def test_what_was_accepted_reaches_the_host_that_took_over(pair: Pair, tmp_path: Path) -> None:
    ours = {"DATABASE_URL": pair.url, "GATEPOST_HOME": str(tmp_path), "GATEPOST_SECRET_KEY": new_secret_key()}
    subprocess.run([sys.executable, "manage.py", "prepare"], cwd=CHECKOUT, env=os.environ | ours, check=True)
    directory = tmp_path / "journal" / "t1"
    (directory / BODIES).mkdir(parents=True)
    journal, forwarder = Journal(directory), Forwarder(tmp_path, lively(pair.url), "n1")
    thread = threading.Thread(target=forwarder.run, daemon=True)
    thread.start()
    accepted = {journal.accept("postmaster@gatepost.test") for _ in range(20)}

    def there(host: Host) -> set[object]:
        with suppress(psycopg.Error), psycopg.connect(host.url, connect_timeout=2) as connection:
            return {row[0] for row in connection.execute("SELECT id FROM queues_message")}
        return set()

    wait_for(lambda: there(pair.first) >= accepted, "nothing is forwarded")
    before = there(pair.first)
    pair.fail_over()
    accepted |= {journal.accept("postmaster@gatepost.test") for _ in range(20)}
    wait_for(lambda: there(pair.second) >= accepted, "mail does not go on", 60)
    assert there(pair.second) >= before, "what was committed is lost"
    forwarder.stopping.set()
    thread.join(10)
