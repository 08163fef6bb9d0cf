"""One child process: how it is started, and that it cannot outlive us."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from console.processes.account import Account

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Program:
    """What to start. `stop_signal` asks it to end in `patience` seconds; `death_signal` ends it when we die first;
    `restart_signal` makes it start its parts again, if it can."""

    name: str
    command: list[str]
    account: Account
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    patience: float = 10
    restart_signal: signal.Signals | None = None

    def start(self, output: IO[bytes] | int) -> subprocess.Popen[bytes]:
        """Start it in a session of its own (Ctrl-C at the terminal is for us alone). Call from the main thread only:
        the kernel sends the death signal when the *thread* that made the child ends."""
        return subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=self.directory,
            env={**os.environ, **self.environment},
            start_new_session=True,
            preexec_fn=_die_with_parent(self.death_signal),
            **self.account.popen(),
        )

    def stop(self, process: subprocess.Popen[bytes]) -> bool:
        """Ask `process` to end and wait; False when it had to be killed."""
        if process.poll() is None:
            process.send_signal(self.stop_signal)
        return self.await_end(process)

    def await_end(self, process: subprocess.Popen[bytes]) -> bool:
        try:
            process.wait(self.patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return False
        return True


def _die_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    parent = os.getpid()

    def in_child() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:
            os._exit(1)

    return in_child
