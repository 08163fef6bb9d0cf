"""Two nodes behind HAProxy, each in a network of its own, on the servers of a third: killed, and drained, under load.
The clock of the one is a minute behind, that of the other a minute ahead.

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

from tests import clocks, nodes
from tests.nodes import NET, Node
from tests.waiting import wait_for

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
        not nodes.can_be_made() or not shutil.which("haproxy"),
        reason="needs root, and: apt-get install haproxy iproute2",
    ),
    pytest.mark.timeout(400),
]


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Path]:
    with nodes.network():
        yield tmp_path


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
    made: list[Node] = []
    proxy: subprocess.Popen[bytes] | None = None
    try:
        made.append(servers := Node(0))
        servers.start()
        servers.wait_until_in_order()
        made += [first := Node(1, servers), second := Node(2, servers)]
        first.more |= clocks.ahead(-60)
        second.more |= clocks.ahead(60)
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
        assert "revoked" not in (second.home / "logs" / "worker.log").read_text()
    finally:
        if proxy:
            proxy.kill()
            proxy.wait()
        for node in reversed(made):
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
