"""Nodes as machines of their own: each in a network of its own, beside which this one stands as `NET`.1. Needs root."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.running_copy import RunningCopy

NET, BRIDGE = f"10.77.{os.getpid() % 256}", f"gp{os.getpid()}"


def can_be_made() -> bool:
    """Whether this machine, and whoever runs this, can have such networks."""
    return os.geteuid() == 0 and shutil.which("ip") is not None


@contextmanager
def network() -> Iterator[None]:
    """The wire between the nodes; they are made within, and removed before its end."""
    ip("link", "add", BRIDGE, "type", "bridge")
    ip("addr", "add", f"{NET}.1/24", "dev", BRIDGE)
    ip("link", "set", BRIDGE, "up")
    try:
        yield
    finally:
        subprocess.run(["ip", "link", "del", BRIDGE])


def ip(*words: object) -> None:
    subprocess.run(["ip", *map(str, words)], check=True, capture_output=True)


class Node(RunningCopy):
    """A copy in a network of its own. Of `servers` it uses PostgreSQL and Redis, whose sockets are files."""

    def __init__(self, number: int, servers: Node | None = None) -> None:
        super().__init__()
        self.name, self.more = f"n{number}", dict[str, str]()
        self.host = f"{NET}.1{number}"
        if servers is not None:
            running = servers.run_file()
            self.more |= {"DATABASE_URL": running["database_url"], "REDIS_URL": running["redis_url"]}
            self.more["GATEPOST_SECRET_KEY"] = (servers.home / "secret.key").read_text().strip()
        self.space = f"{BRIDGE}n{number}"
        ip("netns", "add", self.space)
        ip("link", "add", f"{BRIDGE}v{number}", "type", "veth", "peer", "name", "eth0", "netns", self.space)
        ip("link", "set", f"{BRIDGE}v{number}", "master", BRIDGE, "up")
        for words in (
            ("addr", "add", f"{self.host}/24", "dev", "eth0"), ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):  # fmt: skip
            ip("-n", self.space, *words)

    @property
    def environment(self) -> dict[str, str]:
        ours = {"GATEPOST_NODE": self.name, "GATEPOST_SMTP": "0.0.0.0:2525", "GATEPOST_HEALTH": "0.0.0.0:8080"}
        return super().environment | ours | {"GATEPOST_TRANSPORTS": "1"} | self.more

    def start(self) -> None:
        with self.output.open("ab") as terminal:
            self.process = subprocess.Popen(
                ["ip", "netns", "exec", self.space, RunningCopy.python, "manage.py", "up"],
                cwd=self.checkout, env=self.environment, stdout=terminal, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip

    def wait_until_in_order(self) -> None:
        """Asked from within: nobody outside of its network reaches its console."""
        done = self.manage("status", "--wait", "60")
        assert done.returncode == 0, done.stderr + self.terminal()

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["ip", "netns", "exec", self.space, RunningCopy.python, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=self.checkout, env=self.environment, capture_output=True, text=True, timeout=120
        )

    def kill(self) -> None:
        """As when the power fails: everything at once, and the network with it."""
        ip("-n", self.space, "link", "set", "eth0", "down")
        assert self.process
        pids = subprocess.run(["ip", "netns", "pids", self.space], capture_output=True, text=True).stdout.split()
        for pid in map(int, pids):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(10)

    def remove(self) -> None:
        subprocess.run(["ip", "netns", "del", self.space], capture_output=True)
        super().remove()
