"""Load from outside: Postfix's own smtp-source and smtp-sink, so that neither side measures itself."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
from collections.abc import Sequence
from time import monotonic


class LoadError(RuntimeError):
    """The load did not go through as it should; the text is the tool's own."""


def send(
    port: int,
    recipient: str,
    messages: int,
    *,
    size: int = 4096,
    keep: bool = True,
    connections: int = 20,
    cores: Sequence[int] = (),
    host: str = "127.0.0.1",
) -> float:
    """Seconds for `messages` to be answered 250, the load on these cores, or any. Raises LoadError when one was not."""
    command = ["taskset", "-c", ",".join(map(str, cores))] if cores else []
    command += ["smtp-source", "-s", str(connections), "-l", str(size), "-m", str(messages), "-N"]
    command += ["-d"] if keep else []
    command += ["-f", "sender@example.org", "-t", recipient, f"{host}:{port}"]
    began = monotonic()
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode or run.stderr:
        raise LoadError(run.stderr.strip() or f"smtp-source ended with {run.returncode}")
    return monotonic() - began


class Sink:
    """smtp-sink, counting the messages that arrive."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.messages = 0
        master, slave = pty.openpty()
        self._screen = master
        command = ["smtp-sink", "-c", *(["-u", "nobody"] if os.geteuid() == 0 else []), f"{host}:{port}", "1000"]
        self._process = subprocess.Popen(command, stdout=slave, stderr=subprocess.STDOUT)
        os.close(slave)

    def wait_for(self, messages: int, seconds: float = 300) -> float:
        """Returns the moment (monotonic) at which the total was reached."""
        deadline = monotonic() + seconds
        while self.messages < messages:
            if monotonic() > deadline:
                raise LoadError(f"the sink has {self.messages} of {messages} messages after {seconds:g} s")
            if select.select([self._screen], [], [], 0.1)[0]:
                counts = re.findall(rb"mesg=(\d+)", os.read(self._screen, 65536))
                self.messages = int(counts[-1]) if counts else self.messages
        return monotonic()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._screen)
