"""`manage.py up` and `manage.py status`, as an administrator sees them."""

from __future__ import annotations

import os
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


def in_order(copy: RunningCopy) -> None:
    done = copy.manage("status", "--wait", "60")
    assert done.returncode == 0, done.stderr + copy.terminal()


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
    for name in ("run.json", "secret.key", "server-password"):
        assert (running_copy.home / name).stat().st_mode & 0o077 == 0, name
    logs = "".join(log.read_text() for log in running_copy.home.glob("logs/*.log")) + running_copy.terminal()
    for secret in (
        running_copy.password,
        *[(running_copy.home / n).read_text() for n in ("secret.key", "server-password")],
    ):
        assert secret.strip() not in logs


def test_the_first_mail_is_taken(running_copy: RunningCopy) -> None:
    host, _, port = running_copy.smtp.partition(":")
    with smtplib.SMTP(host, int(port)) as client:
        assert client.sendmail("you@example.com", "postmaster@gatepost.test", "Subject: Hello\n\nThe first mail.") == {}


@pytest.mark.parametrize("name", PROCESSES)
def test_a_killed_process_is_started_again_and_said_so(running_copy: RunningCopy, name: str) -> None:
    pid = running_copy.run_file()["pids"][name]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: running_copy.run_file()["pids"][name] != pid, f"{name} was not started again")
    assert f"{name} was killed (SIGKILL)" in running_copy.terminal()
    in_order(running_copy)


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


def test_a_taken_smtp_address_is_said_and_holds_up_nothing(running_copy: RunningCopy) -> None:
    with another(smtp=running_copy.smtp) as copy:
        copy.start()
        wait_for(lambda: "Ctrl-C stops everything" in copy.terminal(), "no closing block", 60)
        assert f"Cannot listen on {copy.smtp}" in copy.terminal()
        in_order(copy)
        copy.stop()


@contextmanager
def another(console: str = "", smtp: str = "") -> Iterator[RunningCopy]:
    copy = RunningCopy()
    copy.console, copy.smtp = console or copy.console, smtp or copy.smtp
    try:
        yield copy
    finally:
        copy.remove()


def test_ctrl_c_stops_everything_and_the_next_start_finds_it_as_it_was() -> None:
    with RunningCopy() as copy:
        in_order(copy)
        pids, secret = copy.run_file()["pids"], (copy.home / "secret.key").read_text()
        assert copy.stop(signal.SIGINT) == 0
        assert "Stopped." in copy.terminal()
        assert not (copy.home / "run.json").exists()
        assert not [name for name, pid in pids.items() if runs(pid)]
        assert "did not stop in time" not in copy.terminal()
        copy.start()
        in_order(copy)
        assert (copy.home / "secret.key").read_text() == secret
        assert "already" not in copy.terminal()


def test_nothing_outlives_a_killed_supervisor_and_the_next_start_works() -> None:
    with RunningCopy() as copy:
        in_order(copy)
        pids = copy.run_file()["pids"]
        copy.stop(signal.SIGKILL)
        wait_for(lambda: not any(map(runs, pids.values())), "processes were left over")
        copy.start()
        in_order(copy)


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
