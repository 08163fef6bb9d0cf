"""A program that is kept running: its log file, and when to start it again."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from console.processes.program import Program

LOG_LIMIT = 10 * 1024 * 1024
OLD_LOGS = 3
STEADY = 60.0
LONGEST_WAIT = 30.0


@dataclass
class Child:
    """`make` gives the program for each start, so that a start can first put right what the last one left."""

    name: str
    make: Callable[[], Program]
    logs: Path
    process: subprocess.Popen[bytes] | None = None
    program: Program | None = None
    started: float = 0
    failures: int = 0
    due: float | None = None

    @property
    def log(self) -> Path:
        return self.logs / f"{self.name}.log"

    def start(self) -> None:
        _rotate(self.log)
        self.program = self.make()
        with open(self.log, "ab", opener=private_log) as output:
            self.process = self.program.start(output)
        self.started, self.due = monotonic(), None

    def ended(self) -> str | None:
        """How it ended, in words, once for each end; None while it runs. Sets the time of the next start."""
        if self.due is not None or self.process is None or (code := self.process.poll()) is None:
            return None
        lived = monotonic() - self.started
        self.failures = self.failures if lived < STEADY else 0
        return f"{self.name} {_how(code)}" + (f" after {lived:.0f} s; {then}" if (then := self.put_off()) else "")

    def put_off(self) -> str:
        """Count a failure; when the next start is, in words: the first time at once, then later and later."""
        self.failures += 1
        wait = min(LONGEST_WAIT, 2.0 ** (self.failures - 2)) if self.failures > 1 else 0
        self.due = monotonic() + wait
        return f"next start in {wait:.0f} s" if wait else ""

    @property
    def has_failed(self) -> bool:
        """Has it ended, now or lately?"""
        return self.failures > 0 or bool(self.process and self.process.poll() is not None)

    @property
    def is_due(self) -> bool:
        return self.due is not None and monotonic() >= self.due

    def ask_to_stop(self) -> None:
        if self.process and self.program and self.process.poll() is None:
            self.process.send_signal(self.program.stop_signal)

    def await_stop(self) -> bool:
        """False when it had to be killed."""
        return not (self.process and self.program) or self.program.await_end(self.process)


def describe(error: Exception) -> str:
    """What went wrong, for a sentence."""
    if isinstance(error, OSError) and error.strerror:
        return ": ".join(filter(None, [str(error.filename or ""), error.strerror]))
    return str(error).strip() or type(error).__name__


def _how(code: int) -> str:
    if code < 0:
        return f"was killed ({signal.Signals(-code).name})"
    return f"ended (exit code {code})"


def private_log(path: str, flags: int) -> int:
    """For `open`: for the owner alone, and through no link that the children's account may have laid for root."""
    if os.path.islink(path):
        os.unlink(path)
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _rotate(log: Path) -> None:
    if not log.exists() or log.stat().st_size < LOG_LIMIT:
        return
    for number in range(OLD_LOGS - 1, 0, -1):
        older = log.with_suffix(f".log.{number}")
        if older.exists():
            older.rename(log.with_suffix(f".log.{number + 1}"))
    log.rename(log.with_suffix(".log.1"))
