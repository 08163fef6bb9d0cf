"""Promise 4: 250 means on disk. Processes are killed, the servers stop, Redis is emptied, all under load; every message
that was answered 250 arrives, at most twice, and the ledger balances.
"""

from __future__ import annotations

import contextlib
import email
import os
import random
import re
import secrets
import signal
import smtplib
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.conftest import wait_for
from tests.running_copy import RunningCopy

SENDERS = 4


class Several(RunningCopy):
    """With two transports and two workers of each kind, whatever the machine."""

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"GATEPOST_TRANSPORTS": "2", "GATEPOST_WORKERS": "2"}

    def transports(self) -> list[int]:
        parent = self.run_file()["pids"]["transport"]
        return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


@pytest.fixture(scope="module")
def copy() -> Iterator[Several]:
    with Several() as running:
        wait_for(lambda: running.manage("status", "--wait", "60").returncode == 0, "the copy is not up", 90)
        yield running


class Client(threading.Thread):
    """Sends one message after the other until told to stop; remembers which were answered 250."""

    def __init__(self, number: int, smtp: str) -> None:
        super().__init__()
        self.name, self.smtp = f"{secrets.token_hex(4)}-{number}", smtp
        self.accepted: list[str] = []
        self.finish = threading.Event()

    def run(self) -> None:
        sent = 0
        while not self.finish.is_set():
            try:
                host, _, port = self.smtp.rpartition(":")
                with smtplib.SMTP(host, int(port), timeout=10) as server:
                    while not self.finish.is_set():
                        sent += 1
                        self._send(server, f"{self.name}-{sent}")
            except (OSError, smtplib.SMTPException):
                self.finish.wait(0.05)

    def _send(self, server: smtplib.SMTP, mark: str) -> None:
        (lines,) = random.choices((1, 500, 300_000), weights=(10, 10, 1))
        message = f"Subject: {mark}\r\nX-Mark: {mark}\r\n\r\n" + "text\r\n" * lines
        if not server.sendmail("sender@example.org", ["postmaster@gatepost.test"], message):
            self.accepted.append(mark)
        self.finish.wait(0.01)


def delivered(home: Path) -> Counter[str]:
    found: Counter[str] = Counter()
    for path in (home / "mailboxes").rglob("new/*"):
        with path.open("rb") as file:
            found[str(email.message_from_bytes(file.read(4096))["X-Mark"])] += 1
    return found


def queued(copy: RunningCopy) -> int:
    found = re.search(r"^queued +([\d,]+)", copy.manage("ledger").stdout, re.MULTILINE)
    return int(found[1].replace(",", "")) if found else -1


def under_load(copy: RunningCopy, disturb: object) -> list[str]:
    """The marks of all messages answered 250 while `disturb` did its worst, once the queue is empty again."""
    clients = [Client(number, copy.smtp) for number in range(SENDERS)]
    for client in clients:
        client.start()
    try:
        disturb()  # type: ignore[operator]
    finally:
        for client in clients:
            client.finish.set()
        for client in clients:
            client.join()
    wait_for(lambda: copy.manage("status", "--wait", "60").returncode == 0, "the copy did not heal", 120)
    try:
        wait_for(lambda: queued(copy) == 0, "the queue does not drain", 90)
    except AssertionError as error:
        raise AssertionError(copy.manage("ledger").stdout) from error
    return [mark for client in clients for mark in client.accepted]


def check(copy: RunningCopy, accepted: list[str]) -> None:
    found = delivered(copy.home)
    assert accepted, "nothing was accepted at all"
    assert [mark for mark in accepted if not found[mark]] == []
    assert [mark for mark, times in found.items() if times > 2] == []
    ledger = copy.manage("ledger")
    assert ledger.returncode == 0, ledger.stdout + ledger.stderr


def go_on(seconds: float) -> None:
    """Let the load run for a while: how long a server is away is what these tests are about."""
    threading.Event().wait(seconds)


def test_every_process_killed_again_and_again_and_all_restarted(copy: Several) -> None:
    def disturb() -> None:
        for _ in range(2):
            for name in ("transport", "forwarder", "worker", "outbound", "postgresql", "valkey", "console", "beat"):
                with contextlib.suppress(ProcessLookupError):  # it went with the one before, and is being started
                    os.kill(copy.run_file()["pids"][name], signal.SIGKILL)
                go_on(1.0)
            with contextlib.suppress(OSError, IndexError):
                os.kill(copy.transports()[0], signal.SIGKILL)
            go_on(1.0)
        assert copy.manage("restart").returncode == 0
        wait_for(lambda: "Restarted." in copy.terminal(), "no restart", 90)

    check(copy, under_load(copy, disturb))


def test_redis_emptied(copy: RunningCopy) -> None:
    def disturb() -> None:
        server = redis.Redis.from_url(copy.run_file()["redis_url"])
        for _ in range(10):
            server.flushall()
            go_on(0.3)

    check(copy, under_load(copy, disturb))


def test_postgresql_frozen_while_mail_keeps_coming(copy: RunningCopy) -> None:
    accepted_meanwhile: list[int] = []

    def disturb() -> None:
        go_on(1.0)
        pid = copy.run_file()["pids"]["postgresql"]
        group = os.getpgid(pid)
        os.killpg(group, signal.SIGSTOP)
        try:
            with smtplib.SMTP(*copy.smtp.rsplit(":", 1), timeout=10) as server:  # type: ignore[arg-type]
                for number in range(20):
                    server.sendmail("s@example.org", ["postmaster@gatepost.test"], f"X-Mark: frozen-{number}\r\n\r\n.")
                    accepted_meanwhile.append(number)
            go_on(5.0)
        finally:
            os.killpg(group, signal.SIGCONT)

    accepted = under_load(copy, disturb)
    check(copy, [*accepted, *(f"frozen-{number}" for number in accepted_meanwhile)])
    assert len(accepted_meanwhile) == 20
