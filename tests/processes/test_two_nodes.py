"""Two nodes behind HAProxy, each in a network of its own, on the servers of a third: killed, and drained, under load.

Needs root, and `apt-get install haproxy iproute2`: what is missing skips it.
"""

from __future__ import annotations

import os
import shutil
import signal
import smtplib
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.running_copy import RunningCopy
from tests.waiting import wait_for

NET = "10.77.41"
HAPROXY = f"""
global
    stats socket {{socket}}
defaults
    mode tcp
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    retries 3
    option redispatch
frontend smtp
    bind {NET}.1:2500
    default_backend nodes
backend nodes
    balance roundrobin
    option httpchk GET /healthz
    default-server check port 8080 inter 300ms fall 1 rise 1 on-marked-down shutdown-sessions
    server n1 {NET}.11:2525
    server n2 {NET}.12:2525
"""
pytestmark = [
    pytest.mark.skipif(
        os.geteuid() != 0 or not shutil.which("haproxy") or not shutil.which("ip"),
        reason="needs root, and: apt-get install haproxy iproute2",
    ),
    pytest.mark.timeout(400),
]


def ip(*words: object) -> None:
    subprocess.run(["ip", *map(str, words)], check=True, capture_output=True)


class Node(RunningCopy):
    """A copy in a network of its own. Of `servers` it uses PostgreSQL and Redis, whose sockets are files."""

    def __init__(self, number: int, servers: Node | None = None) -> None:
        super().__init__()
        self.name, self.more = f"n{number}", dict[str, str]()
        if servers is not None:
            running = servers.run_file()
            self.more |= {"DATABASE_URL": running["database_url"], "REDIS_URL": running["redis_url"]}
            self.more["GATEPOST_SECRET_KEY"] = (servers.home / "secret.key").read_text().strip()
        self.space = f"gp{os.getpid()}n{number}"
        ip("netns", "add", self.space)
        ip("link", "add", f"gpv{number}", "type", "veth", "peer", "name", "eth0", "netns", self.space)
        ip("link", "set", f"gpv{number}", "master", "gpbr", "up")
        for words in (
            ("addr", "add", f"{NET}.1{number}/24", "dev", "eth0"), ("link", "set", "eth0", "up"),
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


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Path]:
    ip("link", "add", "gpbr", "type", "bridge")
    ip("addr", "add", f"{NET}.1/24", "dev", "gpbr")
    ip("link", "set", "gpbr", "up")
    yield tmp_path
    subprocess.run(["ip", "link", "del", "gpbr"])


class Load:
    """Clients that send one message after the other, each on a connection of its own; `accepted`: those answered 250,
    by the text that they carry."""

    def __init__(self) -> None:
        self.accepted: dict[str, float] = {}
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._send, daemon=True) for _ in range(4)]
        for thread in self.threads:
            thread.start()

    def _send(self) -> None:
        while not self.stopping.is_set():
            mark = uuid.uuid4().hex
            with suppress(OSError, smtplib.SMTPException), smtplib.SMTP(f"{NET}.1", 2500, timeout=5) as client:
                client.sendmail("ann@far.test", "postmaster@gatepost.test", f"Subject: {mark}\n\nBody\n")
                self.accepted[mark] = time.monotonic()
            time.sleep(0.02)

    def stop(self) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def delivered(servers: Node) -> dict[str, int]:
    """How often each message lies in the mailbox."""
    found: dict[str, int] = {}
    for file in (servers.home / "mailboxes").glob("*/postmaster/new/*"):
        subject = file.read_bytes().partition(b"Subject: ")[2][:32].decode()
        found[subject] = found.get(subject, 0) + 1
    return found


def within(seconds: float, condition: Callable[[], Any], complaint: str) -> float:
    begun = time.monotonic()
    wait_for(condition, complaint, seconds)
    return time.monotonic() - begun


def test_one_is_killed_and_one_drained_under_load_and_nothing_is_lost(network: Path) -> None:
    nodes: list[Node] = []
    proxy: subprocess.Popen[bytes] | None = None
    try:
        nodes.append(servers := Node(0))
        servers.start()
        servers.wait_until_in_order()
        nodes += [first := Node(1, servers), second := Node(2, servers)]
        for node in (first, second):
            node.start()
        for node in (first, second):
            node.wait_until_in_order()
        (network / "haproxy.cfg").write_text(HAPROXY.format(socket=network / "haproxy.sock"))
        proxy = subprocess.Popen(["haproxy", "-db", "-f", str(network / "haproxy.cfg")])
        load = Load()
        wait_for(lambda: len(load.accepted) > 50, "no mail is accepted", 30)

        first.kill()
        killed = time.monotonic()
        within(10, lambda: any(at > killed for at in load.accepted.values()), "nobody accepts mail")
        (mark,) = [next(mark for mark, at in load.accepted.items() if at > killed)]
        within(10, lambda: mark in delivered(servers), "nobody delivers mail")

        pids = servers.run_file()["pids"]
        for name in ("postgresql", "valkey"):
            os.kill(pids[name], signal.SIGKILL)
        count = len(load.accepted)
        wait_for(lambda: len(load.accepted) > count + 50, "no mail is accepted without PostgreSQL and Redis", 30)

        database_url = servers.run_file()["database_url"]
        wait_for(lambda: _is_there(database_url), "PostgreSQL does not come back", 60)
        load.stop()
        taken = second.manage("forward", str(first.home))
        assert taken.returncode == 0 and "n1: " in taken.stdout, taken.stderr
        wait_for(lambda: delivered(servers).keys() >= load.accepted.keys(), "mail is lost", 60)
        assert set(delivered(servers).values()) == {1}

        said = second.manage(
            "gms", "-c", "Set-ServerComponentState n2 -Component HubTransport -State Draining -Requester Maintenance"
        )
        assert said.returncode == 0, said.stderr
        wait_for(lambda: _refused(), "HAProxy still lets clients in", 20)
        assert "n2" in second.manage("gms", "-c", "Get-GatepostNode").stdout
    finally:
        if proxy:
            proxy.kill()
            proxy.wait()
        for node in reversed(nodes):
            with suppress(Exception):
                node.kill()
            node.remove()


def _is_there(database_url: str) -> bool:
    with suppress(psycopg.Error), psycopg.connect(database_url, connect_timeout=2):
        return True
    return False


def _refused() -> bool:
    try:
        smtplib.SMTP(f"{NET}.1", 2500, timeout=3).close()
    except (OSError, smtplib.SMTPException):
        return True
    return False
