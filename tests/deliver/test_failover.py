"""PostgreSQL and Redis of two hosts each: the first one dies, the second is promoted, and mail goes on by itself."""

from __future__ import annotations

import smtplib
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import psycopg
import pytest

from console.processes.account import Account
from console.processes.home import write_private
from console.processes.postgres import USER, Postgres, find_binaries, reachable
from tests.redis_servers import RedisServers
from tests.running_copy import RunningCopy
from tests.waiting import wait_for


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


@pytest.fixture
def redis_servers() -> Iterator[RedisServers]:
    with tempfile.TemporaryDirectory(prefix="gp-redis-") as name:
        Path(name).chmod(0o755)
        made = RedisServers(Path(name))
        try:
            made.start()
            yield made
        finally:
            made.stop()


@pytest.fixture
def copy(pair: Pair, redis_servers: RedisServers) -> Iterator[RunningCopy]:
    with Copy({"DATABASE_URL": pair.url, "REDIS_URL": redis_servers.url}) as running:
        running.wait_until_in_order()
        yield running


class Copy(RunningCopy):
    """One that is told more."""

    def __init__(self, more: dict[str, str]) -> None:
        super().__init__()
        self.more = more

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | self.more


class Client:
    """Sends one message after the other; `accepted`: those answered 250, by the text that they carry."""

    def __init__(self, copy: RunningCopy) -> None:
        self.place, self.mailboxes = copy.smtp, copy.home / "mailboxes"
        self.accepted: set[str] = set()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._send, daemon=True)
        self.thread.start()

    def _send(self) -> None:
        while not self.stopping.wait(0.05):
            mark = uuid4().hex
            with suppress(OSError, smtplib.SMTPException), smtplib.SMTP(self.place, timeout=10) as client:
                client.sendmail("ann@far.test", "postmaster@gatepost.test", f"Subject: {mark}\n\nBody\n")
                self.accepted.add(mark)

    def delivered(self) -> list[str]:
        files = self.mailboxes.glob("*/postmaster/new/*")
        return [file.read_bytes().partition(b"Subject: ")[2][:32].decode() for file in files]

    def await_next(self, seconds: float) -> None:
        """A message that is accepted from now on is delivered."""
        before = set(self.accepted)
        wait_for(lambda: self.accepted - before, "no mail is accepted", seconds)
        wait_for(lambda: (self.accepted - before) & set(self.delivered()), "no mail is delivered", seconds)

    def stop(self) -> None:
        self.stopping.set()
        self.thread.join()


def test_a_running_copy_goes_on_with_the_host_that_took_over_of_redis_and_of_postgresql(
    copy: RunningCopy, pair: Pair, redis_servers: RedisServers
) -> None:
    client = Client(copy)
    client.await_next(20)
    redis_servers.kill_master()
    wait_for(redis_servers.is_promoted, "the replica is not promoted")
    client.await_next(30)
    copy.wait_until_in_order()
    pair.fail_over()
    client.await_next(30)
    copy.wait_until_in_order()
    client.stop()
    wait_for(lambda: len(client.delivered()) >= len(client.accepted), "mail is lost")
    assert sorted(client.delivered()) == sorted(client.accepted), "each once"
    ledger = copy.manage("ledger")
    assert ledger.returncode == 0, ledger.stdout + ledger.stderr
