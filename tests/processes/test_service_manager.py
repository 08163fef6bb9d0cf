"""systemd hears when each process is at work, that its loop turns, and when it ends by itself."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from console.celery import app
from console.lifespan import Lifespan
from console.processes.address import free_port
from console.processes.beat import MonotonicScheduler
from tests.service_manager import Manager, manager
from tests.shell.running_transport import RunningTransport
from tests.waiting import wait_for
from transport import service_manager
from transport.config.endpoint import Binding
from transport.shell import sockets

__all__ = ["manager"]


def test_a_transport_is_ready_turns_and_stops(manager: Manager) -> None:
    transport = RunningTransport()
    try:
        transport.publish(transport.connector())
        transport.variables["NOTIFY_SOCKET"] = os.environ["NOTIFY_SOCKET"]
        transport.start()
        wait_for(lambda: "WATCHDOG=1" in manager.told, "no turn was told")
        transport.stop()
        told = manager.told
        assert told.index("READY=1") < told.index("WATCHDOG=1") < told.index("STOPPING=1")
    finally:
        transport.remove()


def test_beat_is_ready_when_it_is_made_and_turns_with_each_tick(manager: Manager) -> None:
    class Empty(MonotonicScheduler):
        def setup_schedule(self) -> None: ...

    scheduler = Empty(app)
    assert manager.told == ["READY=1"]
    scheduler.tick()
    assert manager.told == ["READY=1", "WATCHDOG=1"]
    scheduler.close()
    assert manager.told == ["READY=1", "WATCHDOG=1", "STOPPING=1"]


def test_the_console_is_ready_when_it_listens_not_before(manager: Manager, settings: Any) -> None:
    async def walk() -> None:
        events: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        answers: asyncio.Queue[str] = asyncio.Queue()
        listening = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, start_serving=False)
        settings.GATEPOST_CONSOLE = f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"

        async def send(message: dict[str, str]) -> None:
            answers.put_nowait(message["type"])

        running = asyncio.create_task(Lifespan(None)({"type": "lifespan"}, events.get, send))  # type: ignore[arg-type]
        events.put_nowait({"type": "lifespan.startup"})
        assert await answers.get() == "lifespan.startup.complete"
        await asyncio.sleep(0)
        assert manager.told == []
        await listening.start_serving()
        await asyncio.to_thread(wait_for, lambda: len(manager.told) == 2, "no turn was told")
        events.put_nowait({"type": "lifespan.shutdown"})
        assert await answers.get() == "lifespan.shutdown.complete"
        await running
        listening.close()

    asyncio.run(walk())
    assert manager.told == ["READY=1", "WATCHDOG=1", "STOPPING=1"]


def test_a_name_in_the_file_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    manager = Manager(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    service_manager.ready()
    assert manager.told == ["READY=1"]
    manager.heard.close()


def test_without_systemd_nobody_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    service_manager.ready()
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    service_manager.ready()


def test_sockets_stay_open_from_one_process_to_the_next(manager: Manager) -> None:
    """systemd holds what is opened, and gives it to the next process; what nobody wants any more is closed."""
    binding = Binding("127.0.0.1", free_port())
    opened = sockets.Sockets({})
    opened.get(binding)
    told, handles, _flags, _from = socket.recv_fds(manager.heard, 4096, 1)
    name = f"held-127.0.0.1-{binding.port}"
    assert told.decode() == f"FDSTORE=1\nFDNAME={name}"
    opened.get(binding).close()
    given = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": name}
    assert sockets.given(given, first=handles[0]) == {}
    after = sockets.Sockets({}, sockets.left(given, first=handles[0]))
    socket.create_connection((binding.ip, binding.port)).close()
    assert after.get(binding).fileno() == handles[0] and manager.told == []
    after.keep(set())
    assert manager.told == [f"FDSTOREREMOVE=1\nFDNAME={name}"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((binding.ip, binding.port))


def test_what_a_socket_unit_has_opened_is_not_ours_to_close(manager: Manager) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    handle = listening.detach()
    given = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "gatepost-transport.socket"}
    found = sockets.given(given, first=handle)
    assert [one.fileno() for one in found.values()] == [handle] and sockets.left(given, first=handle) == {}
    kept = sockets.Sockets(found)
    kept.keep(set())
    (binding,) = found
    assert kept.get(binding).fileno() == handle and manager.told == []
    found[binding].close()
