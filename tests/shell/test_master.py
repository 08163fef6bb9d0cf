"""Several transports on one node: one is killed, all are restarted under load; nobody is refused, nothing is lost."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import smtplib
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from console.processes.address import free_port
from tests.service_manager import Manager, manager
from tests.shell.running_master import RunningMaster
from tests.shell.running_transport import Client
from tests.waiting import wait_for
from transport import node
from transport.config.receive_connector import MessageRateSource
from transport.master import Member
from transport.shell.master.channel import Channel

__all__ = ["manager"]


@pytest.fixture
def master() -> Iterator[RunningMaster]:
    running = RunningMaster()
    running.publish()
    running.start()
    wait_for(lambda: running.serving() == running.names, "not all transports serve")
    yield running
    running.remove()


class Sender(threading.Thread):
    """One message after the other, each on a connection of its own, or all on one as long as it is not told 421 between
    two messages. Whatever else goes wrong is a `fault`.
    """

    def __init__(self, master: RunningMaster, name: str, keeps: bool) -> None:
        super().__init__()
        self.master, self.name, self.keeps = master, name, keeps
        self.sent: list[str] = []
        self.faults: list[str] = []
        self.finish = threading.Event()

    def run(self) -> None:
        try:
            while not self.finish.is_set():
                self._connection()
        except (OSError, smtplib.SMTPException) as error:
            self.faults.append(f"{type(error).__name__}: {error}")

    def _connection(self) -> None:
        client = smtplib.SMTP("127.0.0.1", self.master.port, local_hostname="client.test", timeout=20)
        client.ehlo()
        while True:
            subject = f"{self.name}-{len(self.sent)}"
            code, words = client.docmd("MAIL FROM:<a@example.org>")
            if code == 421:
                break
            assert (code, client.docmd("RCPT TO:<b@gatepost.test>")[0]) == (250, 250), words
            code, words = client.data(f"Subject: {subject}\r\n\r\ntext\r\n")
            assert code == 250, words
            self.sent.append(subject)
            if not self.keeps or self.finish.is_set():
                client.docmd("QUIT")
                break
        client.close()


def senders(master: RunningMaster) -> list[Sender]:
    started = [Sender(master, f"sender{number}", keeps=number % 2 == 0) for number in range(6)]
    for sender in started:
        sender.start()
    return started


def finish(started: list[Sender]) -> list[str]:
    for sender in started:
        sender.finish.set()
    for sender in started:
        sender.join()
    assert [fault for sender in started for fault in sender.faults] == []
    assert all(sender.sent for sender in started)
    return [subject for sender in started for subject in sender.sent]


def test_all_are_restarted_one_after_the_other_under_load(manager: Manager, master: RunningMaster) -> None:
    """And systemd hears when that begins and when it is done."""
    before = master.pids()
    started = senders(master)
    assert master.process is not None
    master.process.send_signal(signal.SIGHUP)
    wait_for(lambda: not set(before) & set(master.pids()) and master.serving() == master.names, "no restart", 60)
    wait_for(lambda: re.search(r"RELOADING=1\nMONOTONIC_USEC=\d+ (\S+\s)*READY=1", " ".join(manager.told)), "no word")
    assert sorted(finish(started)) == sorted(master.accepted())


@pytest.mark.parametrize("of", [2, 4])
def test_limits_hold_for_all_together_and_a_killed_one_counts_no_more(of: int) -> None:
    master = RunningMaster(of)
    master.publish(
        master.connector("Per source", ranges="127.0.2.0/24", max_inbound_connection_per_source=5),
        master.connector("In all", ranges="127.0.3.0/24", max_inbound_connection=12),
        master.connector(
            "Rate", ranges="127.0.4.0/24", message_rate_limit=4, message_rate_source=MessageRateSource.All
        ),
    )
    master.start()
    try:
        wait_for(lambda: master.serving() == master.names, "not all transports serve", 60)
        held = greeted(master, ["127.0.2.1"] * 9)
        assert len(held) == 5
        assert len(greeted(master, [f"127.0.3.{1 + number % 7}" for number in range(20)])) == 12
        senders = greeted(master, ["127.0.4.1"] * 7)
        assert all(client.say("EHLO client.test")[:3] == "250" for client in senders)
        answers = [client.message(b"x")[:3] for client in senders]
        assert sorted(answers) == ["250"] * 4 + ["421"] * 3
        os.kill(master.pids()[0], signal.SIGKILL)
        wait_for(lambda: master.serving() == master.names and "was killed" in master.log, "not started again", 60)
        left = [client for client in held if lives(client)]
        assert len(greeted(master, ["127.0.2.1"] * 9)) == 5 - len(left)
    finally:
        master.remove()


def greeted(master: RunningMaster, sources: list[str]) -> list[Client]:
    """Those that are not told 421, all at one time."""
    return [client for client in [master.client(source) for source in sources] if client.line()[:3] == "220"]


def lives(client: Client) -> bool:
    try:
        return client.say("NOOP")[:3] == "250"
    except OSError:
        return False


def test_a_killed_one_is_started_again_and_the_others_take_its_clients(master: RunningMaster) -> None:
    first, second = master.pids()
    os.kill(first, signal.SIGSTOP)
    clients = [master.client() for _ in range(20)]
    assert all(client.line().startswith("220 ") for client in clients)  # none waits for the one that hangs
    began = monotonic()
    assert master.serving() == ["mx-2"]
    assert monotonic() - began < 1.5, "HAProxy, which waits for a second, would take the whole node for dead"
    os.kill(first, signal.SIGKILL)
    wait_for(
        lambda: len(set(master.pids()) - {first}) == 2 and master.serving() == master.names, "not started again", 30
    )
    assert second in master.pids()
    assert "transport mx-1 was killed (SIGKILL)" in master.log


@pytest.mark.parametrize(("serves", "silent", "killed"), [(True, 20, False), (True, 40, True), (False, 40, False)])
def test_one_that_hangs_is_killed_but_a_start_may_take_its_time(serves: bool, silent: int, killed: bool) -> None:
    """On a very busy machine a start takes minutes: killed after 30 seconds, a transport would never come up."""

    async def watch(process: subprocess.Popen[bytes]) -> None:
        member, (ours, theirs) = Member("mx", 0), socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        member.process, member.wanted, member.turned_at = process, set() if serves else None, monotonic() - silent
        member.channel = Channel(ours, asyncio.get_running_loop(), _no_answer, lambda: None)
        member.channel.close()  # nobody will answer
        theirs.close()
        await member.watch(member.channel)

    with subprocess.Popen(["sleep", "60"]) as process:
        asyncio.run(watch(process))
        assert (process.poll() is not None or process.wait(5) == -signal.SIGKILL) if killed else process.poll() is None
        process.kill()


async def _no_answer(question: str, said: object) -> tuple[object, None]:
    raise AssertionError(question, said)


AS_SYSTEMD_DOES = """
import os, socket, sys
opened = [socket.create_server(("127.0.0.1", port)) for port in ({port}, {nobodys})]
for place, one in enumerate(opened, 3):
    os.dup2(one.fileno(), place)
    os.set_inheritable(place, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2")
os.execv(sys.executable, [sys.executable, "-m", "transport"])
"""


def test_a_socket_that_systemd_has_opened_is_used() -> None:
    """Another one could not be opened, and clients would come to one that nobody listens on. One that no connector is
    bound to lets nobody wait.
    """
    master, nobodys = RunningMaster(1), free_port()
    master.command = ("-c", AS_SYSTEMD_DOES.format(port=master.port, nobodys=nobodys))
    master.publish()
    master.start()
    try:
        assert master.facts()["problems"] == []
        assert master.client().line().startswith("220 ")
        with socket.create_connection(("127.0.0.1", nobodys), 10) as client:
            assert client.makefile("rb").read().startswith(b"554 5.7.1 No Receive connector")
        master.stop()
        state = node.directories(master.home, master.names[0])[3]
        (state / "draining").write_text("Draining")  # as it stays over a restart
        master.start(healthy=False)
        assert master.client().line().startswith("421 4.3.2")  # nobody waits in a socket that stays open
    finally:
        master.remove()


def test_a_node_runs_one_for_two_cores_and_starts_also_on_a_very_large_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    limit = tmp_path / "cpu.max"
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(256)))
    assert node.transports({}, limit) == node.MOST_TRANSPORTS
    limit.write_text("600000 100000\n")
    assert node.transports({}, limit) == 3
    assert node.transports({"GATEPOST_TRANSPORTS": "5"}, limit) == node.workers({"GATEPOST_WORKERS": "5"}, limit) == 5
    assert node.workers({}, limit) == 3
    for number in ("0", "17", "-1", "many"):
        with pytest.raises(ValueError, match=f"^GATEPOST_WORKERS={number}: a node runs 1 to 16 of them$"):
            node.workers({"GATEPOST_WORKERS": number}, limit)
