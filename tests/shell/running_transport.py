"""`python -m transport` as a process of its own, with a data directory that the test fills."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from console.processes.account import Account
from console.processes.address import free_port
from tests.receive.builders import connector, domain
from tests.waiting import wait_for
from transport.config.document import checksum, encode
from transport.config.filters import RecipientFilter
from transport.config.receive_connector import ReceiveConnector
from transport.config.snapshot import Snapshot
from transport.shell.clients.dialogue import Dialogue
from transport.shell.clients.reception import Reception
from transport.shell.feeds.config_feed import Copy
from transport.shell.feeds.recipient_index import RecipientIndex
from transport.shell.journal.segment import Record, read_segment, segments
from transport.worker import Transport, environment

ROOT = Path(__file__).resolve().parents[2]
NAME = "node-1"


class RunningTransport:
    """`publish` writes the disk copy that the next start serves; with `database_url` it follows PostgreSQL too."""

    command: tuple[str, ...] = ("-m", "transport", "one")

    def __init__(self, database_url: str = "", name: str = NAME) -> None:
        self.home = Account.unprivileged().own(Path(tempfile.mkdtemp(prefix="gatepost-shell-")))
        self.port = free_port()
        self.health = f"127.0.0.1:{free_port()}"
        self.name = name
        self.variables = {
            "GATEPOST_TRANSPORT": name,
            "GATEPOST_NODE": "gateway.test",
            "GATEPOST_HEALTH": self.health,
            "DATABASE_URL": database_url,
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def state(self) -> Path:
        account = Account.unprivileged()
        account.own(self.home / "state")
        return account.own(self.home / "state" / self.name)

    @property
    def log(self) -> str:
        return (self.home / "log").read_text()

    def publish(self, *connectors: ReceiveConnector, **values: Any) -> None:
        snapshot = self.snapshot(*connectors, **values)
        document = encode(snapshot)
        copy = Copy(snapshot.revision, checksum(document), document.decode())
        (self.state / "config.json").write_bytes(msgspec.json.encode(copy))

    def snapshot(self, *connectors: ReceiveConnector, revision: int = 1, **values: Any) -> Snapshot:
        values.setdefault("recipient_filter", RecipientFilter(recipient_validation_enabled=False))
        values.setdefault("accepted_domains", (domain("gatepost.test", default=True),))
        return Snapshot(
            revision=revision,
            receive_connectors=connectors or (self.connector(),),
            **values,
        )

    def connector(self, name: str = "Default", **values: Any) -> ReceiveConnector:
        return connector(name, **{"bindings": f"127.0.0.1:{self.port}", **values})

    def list_recipients(self, addresses: Iterable[str]) -> None:
        index = RecipientIndex()
        for address in addresses:
            index.add(address)
        (self.state / "recipients.index").write_bytes(index.pack(1))

    def start(self, healthy: bool = True, largest_file: int = resource.RLIM_INFINITY) -> None:
        """`largest_file`: the kernel refuses to let a file grow beyond it, as a full disk would."""
        with (self.home / "log").open("ab") as log:
            environment = {**os.environ, "GATEPOST_HOME": str(self.home), **self.variables}
            self.process = subprocess.Popen(
                [sys.executable, *self.command],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file)),
            )
        try:
            wait_for(lambda: self.answers() and (not healthy or self.facts()), "the transport does not serve", 60)
        except BaseException as error:
            raise AssertionError(f"{error}\n{self.log}\n{self.ask('/healthz')}") from None

    def answers(self) -> bool:
        assert self.process is None or self.process.poll() is None, self.log
        return self.ask("/healthz")[0] != 0

    def facts(self) -> dict[str, Any]:
        """What /healthz says when it is content, else {}."""
        code, body = self.ask("/healthz")
        return dict(json.loads(body)) if code == 200 else {}

    def ask(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(f"http://{self.health}{path}", timeout=5) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(20) == 0, self.log
            self.process = None

    def remove(self) -> None:
        if self.process is not None:
            self.kill()
        shutil.rmtree(self.home)

    def client(self, source: str = "127.0.0.1") -> Client:
        return Client(socket.create_connection(("127.0.0.1", self.port), timeout=10, source_address=(source, 0)))

    def logged(self) -> list[list[str]]:
        """The lines of the protocol log so far, each a list of its fields."""
        files = sorted((self.home / "protocol-log" / self.name).glob("*.LOG"))
        lines = [line for path in files for line in path.read_text().splitlines() if not line.startswith("#")]
        return list(csv.reader(lines))

    def greeted(self) -> Client:
        client = self.client()
        assert client.line().startswith("220 ")
        client.say("EHLO client.test")
        return client

    def records(self) -> Iterator[Record]:
        for path in segments(self.home / "journal" / self.name):
            for found in read_segment(path):
                assert isinstance(found, Record)
                yield found


@contextmanager
def in_this_process(running: RunningTransport, protocol: Callable[[Reception], Dialogue] = Dialogue) -> Iterator[None]:
    """Serves in a thread of the test's own process, which can then see and change what it does."""
    stop: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        loop, stopping = asyncio.get_running_loop(), asyncio.Event()
        worker = Transport(environment({"GATEPOST_HOME": str(running.home), **running.variables}), loop)
        worker._listeners._protocol = lambda: protocol(worker._reception)
        await worker.start()
        stop.append((loop, stopping))
        await stopping.wait()
        await worker.stop()

    thread = threading.Thread(target=lambda: uvloop.run(serve()))
    thread.start()
    try:
        wait_for(running.facts, "the transport does not serve")
        yield
    finally:
        for loop, stopping in stop:
            loop.call_soon_threadsafe(stopping.set)
        thread.join(30)


class Client:
    """An SMTP client that sends exactly what it is told."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._replies = connection.makefile("rb")

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def line(self) -> str:
        """The next line of a reply without its line end, '' at the end of the connection."""
        return self._replies.readline().decode().removesuffix("\r\n")

    def reply(self) -> str:
        """The last line of the next reply."""
        line = self.line()
        while line[3:4] == "-":
            line = self.line()
        return line

    def say(self, command: str) -> str:
        self.send(command.encode() + b"\r\n")
        return self.reply()

    def message(self, content: bytes, recipient: str = "bob@gatepost.test") -> str:
        """Hand in a message; returns the last reply."""
        for command in ("MAIL FROM:<alice@example.test>", f"RCPT TO:<{recipient}>", "DATA"):
            reply = self.say(command)
            if reply[0] not in "23":
                return reply
        self.send(content + b"\r\n.\r\n")
        return self.reply()

    def start_tls(self, context: ssl.SSLContext | None = None) -> None:
        """The handshake, believing every server, or as `context` has it."""
        if context is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.connection = context.wrap_socket(self.connection)
        self._replies = self.connection.makefile("rb")

    def close(self) -> None:
        self._replies.close()
        self.connection.close()

    __del__ = close  # a client that nobody holds any more has hung up
