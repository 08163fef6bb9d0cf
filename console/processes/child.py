"""A program that is kept running: its log file, and when to start it again."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import IO

from console.processes.program import Program
from transport.config import bounds

LOG_LIMIT = bounds.PROCESS_LOG.octets or 0
OLD_LOGS = 3
STEADY = 60.0
LONGEST_WAIT = 30.0


@dataclass
class Child:
    """`make` gives the program for each start, so that a start can first put right what the last one left."""

    name: str
    make: Callable[[], Program]
    logs: Path
    output: IO[bytes] | None = None
    process: subprocess.Popen[bytes] | None = None
    program: Program | None = None
    started: float = 0
    failures: int = 0
    due: float | None = None

    @property
    def log(self) -> Path:
        return self.logs / f"{self.name}.log"

    def start(self) -> None:
        self.program = self.make()
        self._close_log()
        self.output = open(self.log, "ab+", opener=private_log)  # noqa: SIM115 (open as long as the process writes)
        self.rotate()
        self.process = self.program.start(self.output)
        self.started, self.due = monotonic(), None

    def rotate(self) -> None:
        """Put a large log aside. The process goes on writing into the file that it has, so the content is moved."""
        if not self.output or os.fstat(self.output.fileno()).st_size < LOG_LIMIT:
            return
        try:
            _put_aside(self.log, self.output.fileno())
            lost = ""
        except OSError as error:
            lost = f"What stood here before could not be kept: {describe(error)}\n"
        os.ftruncate(self.output.fileno(), 0)
        os.write(self.output.fileno(), lost.encode())

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
        in_time = not (self.process and self.program) or self.program.await_end(self.process)
        self._close_log()
        return in_time

    def _close_log(self) -> None:
        if self.output:
            self.output.close()
            self.output = None


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


def _put_aside(log: Path, handle: int) -> None:
    """Into log.1, and what is there into log.2 …; a log that grows meanwhile is followed for a while."""
    places = [log.with_suffix(f".log.{number}") for number in range(1, OLD_LOGS + 1)]
    for newer, older in reversed(list(pairwise(places))):
        if newer.exists():
            newer.rename(older)
    offset = 0
    with open(places[0], "wb", opener=private_log) as aside:
        while offset < 2 * LOG_LIMIT and (piece := os.pread(handle, 1 << 20, offset)):
            aside.write(piece)
            offset += len(piece)
