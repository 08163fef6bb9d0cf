"""`manage.py status`, /healthz and the overview say within 15 seconds which process hangs, and when it works again."""

from __future__ import annotations

import json
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic

import pytest

from tests.conftest import wait_for
from tests.running_copy import RunningCopy

RED = 15.0
HANGING = {
    "transport": "transport",
    "forwarder": "forwarder",
    "worker": "worker",
    "outbound": "outbound",
    "beat": "beat",
    "console": "The console does not answer",
    "postgresql": "PostgreSQL does not answer",
    "valkey": "Valkey (Redis) does not answer",
}


@contextmanager
def stopped(*pids: int) -> Iterator[None]:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):  # one that was about to end
                os.kill(pid, signal.SIGCONT)


def status(copy: RunningCopy) -> str:
    """What status complains of; empty when everything is in order."""
    done = copy.manage("status")
    return done.stderr if done.returncode else ""


def healthz(copy: RunningCopy) -> list[str]:
    request = urllib.request.Request(f"http://{copy.console}/healthz")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return list(json.load(answer)["missing"])
    except urllib.error.HTTPError as answer:
        return list(json.load(answer)["missing"])


def at(address: str) -> bytes:
    with urllib.request.urlopen(f"http://{address}/healthz", timeout=10) as answer:
        return bytes(answer.read())


def with_children(pid: int) -> list[int]:
    """A process and those that it started: a PostgreSQL hangs with all its backends."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [pid, *(each for child in file.read().split() for each in with_children(int(child)))]


@pytest.mark.parametrize("name", HANGING)
def test_a_process_that_hangs_is_named_within_15_seconds(running_copy: RunningCopy, name: str) -> None:
    running_copy.wait_until_in_order()
    words, said = HANGING[name], ""
    with stopped(running_copy.run_file()["pids"][name]):
        began = monotonic()
        while words not in said and monotonic() - began < RED:
            said = status(running_copy)
        assert words in said
        if name != "console":
            assert any(words in line for line in healthz(running_copy))
    wait_for(lambda: not status(running_copy), f"{name} is said to hang still", 40)


def test_a_postgresql_whose_every_process_hangs_holds_up_no_answer(running_copy: RunningCopy) -> None:
    running_copy.wait_until_in_order()
    transport = running_copy.run_file()["health"]
    with stopped(*with_children(running_copy.run_file()["pids"]["postgresql"])):
        for _ in range(3):
            began = monotonic()
            assert any("PostgreSQL does not answer" in line for line in healthz(running_copy))
            assert monotonic() - began < RED
        wait_for(lambda: b"PostgreSQL does not answer" in at(transport), "the transport does not say it", RED)
    wait_for(lambda: not status(running_copy), "PostgreSQL is said to hang still", 40)


def test_a_process_that_is_only_blamed_for_valkey_is_not_named(running_copy: RunningCopy) -> None:
    running_copy.wait_until_in_order()
    with stopped(running_copy.run_file()["pids"]["valkey"]):
        wait_for(lambda: healthz(running_copy), "nobody misses Valkey")
        assert all("Valkey" in line for line in healthz(running_copy))
    wait_for(lambda: not status(running_copy), "Valkey is said to hang still", 40)
