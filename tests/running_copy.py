"""A whole copy of Gatepost, started as an administrator starts it, in a data directory and on ports of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Self

from console.processes import code, report
from console.processes.account import ROOT_ALLOWED, Account
from console.processes.address import Address, free_port
from console.processes.home import CHECKOUT
from tests.waiting import wait_for


class RunningCopy:
    """Use it with `with`. `start` after `stop` or `kill` goes on with the same data and ports."""

    password = "a-long-test-password"
    python = sys.executable
    checkout = CHECKOUT

    def __init__(self) -> None:
        self.home = Account.unprivileged().own(Path(tempfile.mkdtemp(prefix="gatepost-copy-")))
        self.console = f"127.0.0.1:{free_port()}"
        self.smtp = f"127.0.0.1:{free_port()}"
        self.output = self.home / "terminal"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
        self.remove()

    def remove(self) -> None:
        shutil.rmtree(self.home)

    @property
    def environment(self) -> dict[str, str]:
        ours = {
            "GATEPOST_HOME": str(self.home),
            "GATEPOST_CONSOLE": self.console,
            "GATEPOST_SMTP": self.smtp,
            "GATEPOST_ADMIN_PASSWORD": self.password,
        }
        outside = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        return outside | ours | as_root_where_nobody_else_can()

    def start(self) -> None:
        with self.output.open("ab") as terminal:
            self.process = subprocess.Popen(
                [self.python, "manage.py", "up"],
                cwd=self.checkout,
                env=self.environment,
                stdout=terminal,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """The exit code of `up`."""
        assert self.process
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30)

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [self.python, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=self.checkout, env=self.environment, capture_output=True, text=True, timeout=120
        )

    def wait_until_in_order(self) -> None:
        """Fails with what `manage.py status` and the terminal say when something is missing after 100 seconds."""
        console = Address.parse(self.console, "")
        try:
            wait_for(lambda: (report.facts(console) or {}).get("ok"), "not in order", 100)
        except AssertionError as error:
            raise AssertionError(self.manage("status").stderr + self.terminal()) from error
        wait_for((self.home / "run.json").exists, "nothing is said about what runs")

    def run_file(self) -> dict[str, Any]:
        return dict(json.loads((self.home / "run.json").read_text()))

    def terminal(self) -> str:
        """All that `up` has written."""
        return self.output.read_text()


@cache
def as_root_where_nobody_else_can() -> dict[str, str]:
    """Root runs the tests of a checkout that nobody else can read: then no copy of it is made for each of them."""
    account = Account.unprivileged()
    return {} if code.is_readable_by(account) else {ROOT_ALLOWED: "1"}
