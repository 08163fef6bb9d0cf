"""`manage.py status`, /healthz and the overview say within 15 seconds which process hangs, and when it works again."""

from __future__ import annotations

import json
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic

import pytest

from tests.conftest import wait_for
from tests.running_copy import RunningCopy

RED = 15.0
HANGING = {
    "transport": "The transport of",
    "forwarder": "The forwarder of",
    "worker": "The worker of",
    "outbound": "The outbound of",
    "beat": "The beat of",
    "console": "The console does not answer",
    "postgresql": "PostgreSQL does not answer",
    "valkey": "Valkey (Redis) does not answer",
}
TOGETHER = (("transport", "forwarder", "worker", "outbound", "beat"), ("console",), ("postgresql",), ("valkey",))
"""Those that nobody asks for an answer are told apart while all of them hang."""


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
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
        return []
    return [pid, *(each for child in children for each in with_children(int(child)))]


def all_of(name: str, pid: int) -> list[int]:
    """The transports hang, not only their parent."""
    return with_children(pid) if name == "transport" else [pid]


@pytest.mark.parametrize("names", TOGETHER, ids=" ".join)
def test_a_process_that_hangs_is_named_within_15_seconds(running_copy: RunningCopy, names: tuple[str, ...]) -> None:
    running_copy.wait_until_in_order()
    unnamed, pids = {HANGING[name] for name in names}, running_copy.run_file()["pids"]
    with stopped(*(pid for name in names for pid in all_of(name, pids[name]))):
        began = monotonic()
        while unnamed and monotonic() - began < RED:
            said = status(running_copy)
            unnamed = {words for words in unnamed if words not in said}
        assert not unnamed
        if "console" not in names:
            assert all(any(HANGING[name] in line for line in healthz(running_copy)) for name in names)
    wait_for(lambda: not status(running_copy), f"{names} are said to hang still", 40)


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
