"""`manage.py up` and `manage.py status`, as an administrator sees them."""

from __future__ import annotations

import os
import shutil
import signal
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import wait_for
from tests.running_copy import RunningCopy

PROCESSES = ["postgresql", "valkey", "transport", "forwarder", "console", "worker", "outbound", "beat"]


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_the_start_ends_with_what_to_do_next(running_copy: RunningCopy) -> None:
    wait_for(lambda: "Ctrl-C stops everything" in running_copy.terminal(), "no closing block")
    said = running_copy.terminal()
    assert f"http://{running_copy.console}/" in said
    assert f"SMTP        {running_copy.smtp}\n" in said
    assert "Traceback" not in said


def test_every_process_runs_once(running_copy: RunningCopy) -> None:
    pids = running_copy.run_file()["pids"]
    assert set(pids) == {*PROCESSES, "supervisor"}
    assert all(runs(pid) for pid in pids.values())


def test_secrets_are_for_the_owner_alone_and_in_no_log(running_copy: RunningCopy) -> None:
    for name in ("run.json", "secret.key", "sockets"):
        assert (running_copy.home / name).stat().st_mode & 0o077 == 0, name
    logs = "".join(log.read_text() for log in running_copy.home.glob("logs/*.log")) + running_copy.terminal()
    for secret in (running_copy.password, (running_copy.home / "secret.key").read_text()):
        assert secret.strip() not in logs


def test_the_first_mail_is_taken(running_copy: RunningCopy) -> None:
    host, _, port = running_copy.smtp.partition(":")
    with smtplib.SMTP(host, int(port)) as client:
        assert client.sendmail("you@example.com", "postmaster@gatepost.test", "Subject: Hello\n\nThe first mail.") == {}


@pytest.mark.parametrize("name", PROCESSES)
def test_a_killed_process_is_started_again_and_said_so(running_copy: RunningCopy, name: str) -> None:
    pid, said = running_copy.run_file()["pids"][name], len(running_copy.terminal())
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: running_copy.run_file()["pids"][name] != pid, f"{name} was not started again")
    assert f"{name} was killed (SIGKILL)" in running_copy.terminal()[said:]
    running_copy.wait_until_in_order()


def test_the_same_copy_does_not_start_twice(running_copy: RunningCopy) -> None:
    done = running_copy.manage("up")
    assert done.returncode == 1
    assert "already runs" in done.stderr


def test_a_taken_console_address_is_said(running_copy: RunningCopy) -> None:
    with another(console=running_copy.console) as copy:
        done = copy.manage("up")
    assert done.returncode == 1
    assert f"{copy.console} is in use by another program" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_first_domain_that_cannot_be_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEPOST_DOMAIN", "*")
    with another() as copy:
        done = copy.manage("up")
    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: GATEPOST_DOMAIN=*: ")


def test_a_taken_smtp_address_and_a_very_long_path_hold_up_nothing(running_copy: RunningCopy) -> None:
    with another(smtp=running_copy.smtp, below="x" * 120) as copy:
        copy.start()
        wait_for(lambda: "Ctrl-C stops everything" in copy.terminal(), "no closing block", 100)
        assert f"Cannot listen on {copy.smtp}" in copy.terminal()
        copy.wait_until_in_order()
        assert copy.stop() == 0
        assert "Traceback" not in copy.terminal()
        assert "did not stop in time" not in copy.terminal()


@contextmanager
def another(console: str = "", smtp: str = "", below: str = "") -> Iterator[RunningCopy]:
    """One that is not started yet; with its data directory `below` the usual one."""
    copy = RunningCopy()
    usual = copy.home
    copy.console, copy.smtp, copy.home = console or copy.console, smtp or copy.smtp, copy.home / below
    try:
        yield copy
    finally:
        if copy.process:
            copy.stop()
        if (copy.home / "sockets").is_symlink():
            (copy.home / "sockets").readlink().rmdir()
        copy.home = usual
        copy.remove()


@pytest.fixture(scope="module")
def stopped_copy() -> Iterator[RunningCopy]:
    """After its first start, in a data directory whose name has what shells and configuration files trip over."""
    with another(below='Büro "2" %41') as copy:
        copy.start()
        copy.wait_until_in_order()
        pids = copy.run_file()["pids"]
        assert copy.stop(signal.SIGINT) == 0
        assert "Stopped." in copy.terminal()
        assert not (copy.home / "run.json").exists()
        assert not [name for name, pid in pids.items() if runs(pid)]
        assert "did not stop in time" not in copy.terminal()
        assert "Traceback" not in copy.terminal()
        yield copy


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("secret.key", "secret.key is empty or damaged"),
        ("postgres/data/PG_VERSION", "PG_VERSION is empty"),
        ("postgres/data/global/pg_control", "postgresql does not start."),
        ("redis/appendonlydir/appendonly.aof.manifest", "valkey does not start."),
    ],
)
def test_an_empty_file_that_cannot_be_made_anew_is_named(stopped_copy: RunningCopy, file: str, said: str) -> None:
    """What a power failure may leave of a file that was written last."""
    kept = (stopped_copy.home / file).read_bytes()
    (stopped_copy.home / file).write_bytes(b"")
    done = stopped_copy.manage("up")
    (stopped_copy.home / file).write_bytes(kept)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_after_the_worst_it_goes_on_as_it_was(stopped_copy: RunningCopy) -> None:
    """A file of a server is damaged, every other one empty; and the supervisor is killed."""
    copy, secret = stopped_copy, (stopped_copy.home / "secret.key").read_text()
    (changes,) = (copy.home / "redis" / "appendonlydir").glob("*.incr.aof")
    content = changes.read_bytes()
    assert len(content) > 300
    changes.write_bytes(content[:100] + b"\0garbage\r\n" + content[150:])
    done = copy.manage("up")
    assert done.returncode == 1
    assert "valkey does not start." in done.stderr
    assert "Bad file format reading the append only file" in done.stderr
    assert str(copy.home / "logs" / "valkey.log") in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    shutil.rmtree(copy.home / "redis" / "appendonlydir")  # as the sentence says
    ours = [file for file in copy.home.rglob("*") if file.is_file() and is_made_anew(file, copy.home)]
    assert {"config.json", "valkey.conf", "postmaster.opts", "up.lock"} <= {file.name for file in ours}
    for file in [*ours, copy.home / "run.json", copy.home / "postgres" / "data" / "postmaster.pid"]:
        file.write_bytes(b"")
    said = len(copy.terminal())
    try:
        copy.start()
        copy.wait_until_in_order()
        pids = copy.run_file()["pids"]
        copy.stop(signal.SIGKILL)
        wait_for(lambda: not any(map(runs, pids.values())), "processes were left over")
        copy.start()
        copy.wait_until_in_order()
    finally:
        ended = copy.stop()
    assert ended == 0
    assert (copy.home / "secret.key").read_text() == secret
    assert not [word for word in ("already", "Traceback") if word in copy.terminal()[said:]]


def is_made_anew(file: Path, home: Path) -> bool:
    """Not what the servers keep, mail, and secrets."""
    kept = (home / "postgres" / "data", home / "redis" / "appendonlydir", home / "mailboxes", home / "secret.key")
    return file.name in ("postmaster.opts", "pg_hba.conf", "pg_ident.conf") or not any(
        file.is_relative_to(place) for place in kept
    )


def test_the_books_cannot_be_shown_while_nothing_runs_and_that_is_said() -> None:
    with another() as copy:
        done = copy.manage("ledger")
    assert done.returncode == 1 and "PostgreSQL does not answer" in done.stderr and "Traceback" not in done.stderr


def test_status_says_what_is_missing() -> None:
    with another() as copy:
        done = copy.manage("status")
    assert done.returncode == 1
    assert f"The console does not answer at http://{copy.console}." in done.stderr
    assert "start it with make run" in done.stderr


def test_an_address_that_is_none_is_said() -> None:
    with another(console="localhost") as copy:
        done = copy.manage("up")
    assert done.returncode == 1
    assert "write host:port" in done.stderr
