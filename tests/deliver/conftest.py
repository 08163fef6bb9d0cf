"""A queue from outside: journals to fill, next hops that behave as told, processes to kill."""

from __future__ import annotations

import io
import itertools
import os
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest
from aiosmtpd.controller import Controller

from console.processes.address import free_port
from tests.deliver.content import until_the_dot
from tests.deliver.tls_hop import AUTHORITY, Inbox, TlsHop, server_context
from tests.dns_server import DnsServer
from transport.config import document
from transport.config.accepted_domain import AcceptedDomain
from transport.config.address_space import AddressSpace
from transport.config.certificate import Certificate
from transport.config.connection_filter import ConnectionFilter
from transport.config.endpoint import Binding, IPRange
from transport.config.named_sender import NamedSender
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.config.snapshot import Snapshot
from transport.config.transport_config import TransportConfig
from transport.config.transport_limits import TransportLimits
from transport.shell.forward.forwarder import Forwarder
from transport.shell.journal.segment import BODIES, encode_head, mark_of, new_name
from transport.smtp.envelope import Envelope

CHECKOUT = Path(__file__).resolve().parent.parent.parent
HEADER = b"Received: from client by gw\r\nSubject: Figures\r\nMessage-ID: <1@x.test>\r\n\r\n"
DATA = ("DATA", "BDAT")
LOOPBACK = (IPRange("127.0.0.0/8"),)
_revisions = itertools.count(1)


@dataclass
class Arrived:
    sender: str
    recipients: list[str]
    content: bytes
    mail: str = ""
    """The whole command."""


Behaviour = Callable[[str, int], "str | None"]


class Sink(socketserver.ThreadingTCPServer):
    """An SMTP server that keeps what it gets. `behave(line, n)` may give another answer to the n-th such verb,
    or `drop` to close the connection without one; `.` stands for the end of the message. Meanwhile `mail` is the last
    MAIL command, `more_is_there` whether the client sent more without waiting for this answer, `came_together` whether
    it had sent this before the answer to what came before."""

    daemon_threads = True
    allow_reuse_address = True
    extensions = ("PIPELINING", "SIZE 20000000", "8BITMIME")

    def __init__(self, address: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((address, port), Talk)
        self.behave: Behaviour = lambda line, n: None
        self.arrived: list[Arrived] = []
        self.verbs: dict[str, int] = {}
        self.connections = 0
        self.commands: list[str] = []
        self.mail = ""
        self.more_is_there = self.came_together = False
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def answer(self, line: str, usual: str) -> str:
        verb = line[:4].upper().strip()
        with self.lock:
            self.commands.append(line)
            self.mail = line if verb == "MAIL" else self.mail
            self.verbs[verb] = self.verbs.get(verb, 0) + 1
            return self.behave(line, self.verbs[verb]) or usual

    def contents(self) -> list[bytes]:
        return [one.content for one in self.arrived]


class Talk(socketserver.StreamRequestHandler):
    server: Sink
    disable_nagle_algorithm = True

    def handle(self) -> None:
        with self.server.lock:
            self.server.connections += 1
        if not self._say("connect", "220 sink ESMTP"):
            return
        mail, chunks = "", b""
        recipients: list[str] = []
        while line := self.rfile.readline().decode(errors="replace").rstrip("\r\n"):
            verb = line[:4].upper()
            usual = self._usual(verb)
            chunk = self.rfile.read(int(line.split()[1])) if verb == "BDAT" else b""
            if (verb in ("MAIL", "RCPT") and bool(mail) == (verb == "MAIL")) or (verb in DATA and not recipients):
                usual = "503 5.5.1 Bad sequence of commands"
            answer = self._say(line, usual)
            if not answer:
                return
            if verb == "MAIL" and answer.startswith("250"):
                mail = line
            elif verb == "RSET":
                mail, recipients, chunks = "", [], b""
            elif verb == "BDAT" and answer.startswith("250"):
                chunks += chunk
                if line.upper().endswith("LAST"):
                    self._keep(mail, recipients, chunks)
                    mail, recipients, chunks = "", [], b""
            elif verb == "RCPT" and answer.startswith("250"):
                recipients = [*recipients, _path(line)]
            elif verb == "DATA" and answer.startswith("354"):
                content = self._content()
                answer = "" if content is None else self._say(".", "250 2.0.0 Ok")
                if content is None or not answer:
                    return
                if answer.startswith("250"):
                    self._keep(mail, recipients, content)
                mail, recipients = "", []
            elif verb == "QUIT":
                return

    def _keep(self, mail: str, recipients: list[str], content: bytes) -> None:
        with self.server.lock:
            self.server.arrived.append(Arrived(_path(mail), recipients, content, mail))

    def _content(self) -> bytes | None:
        return until_the_dot(self.rfile)

    def _usual(self, verb: str) -> str:
        if verb == "EHLO":
            return "\r\n".join(["250-sink", *(f"250-{one}" for one in self.server.extensions), "250 HELP"])
        return {"DATA": "354 go ahead", "QUIT": "221 2.0.0 Bye"}.get(verb, "250 2.0.0 Ok")

    def _say(self, line: str, usual: str) -> str:
        self.server.came_together, self.server.more_is_there = self.server.more_is_there, self._more()
        answer = self.server.answer(line, usual)
        if answer == "drop":
            return ""
        self.wfile.write(answer.encode() + b"\r\n")
        return answer

    def _more(self) -> bool:
        self.request.setblocking(False)
        try:
            return bool(cast(io.BufferedReader, self.rfile).peek(1))
        finally:
            self.request.setblocking(True)


def _path(line: str) -> str:
    return line[line.index("<") + 1 : line.index(">")]


@pytest.fixture
def sink() -> Iterator[Sink]:
    server = Sink()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def hop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Controller]]:
    """An aiosmtpd with TLS that ends the handshake at a server name which is none, as GnuTLS and Java do. This machine
    trusts AUTHORITY, and nobody else."""
    from transport.deliver import client_contexts

    started: list[Controller] = []
    names: list[str | None] = []
    trusted = tmp_path / "trusted.pem"
    trusted.write_text(AUTHORITY.certificate().chain.partition("-----END CERTIFICATE-----\n")[2])
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    client_contexts.context.cache_clear()

    def hop(carried: Certificate, **changes: Any) -> Controller:
        context = server_context(carried, tmp_path)
        context.sni_callback = ends_at_an_address
        for name, value in changes.items():
            setattr(context, name, value)
        controller = Controller(Inbox(), hostname="127.0.0.1", port=free_port(), tls_context=context)
        setattr(controller, "names", names)  # noqa: B010
        controller.start()
        started.append(controller)
        return controller

    def ends_at_an_address(_socket: Any, name: str | None, _context: Any) -> int | None:
        names.append(name)
        try:
            ip_address((name or "x").strip("[]"))
        except ValueError:
            return None
        return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    yield hop
    for controller in started:
        controller.stop()
    client_contexts.context.cache_clear()


@pytest.fixture
def smtps(tmp_path: Path, hop: Any) -> Iterator[Callable[..., TlsHop]]:
    """A next hop with TLS from the first octet."""
    servers: list[TlsHop] = []

    def smtps(carried: Certificate, **changes: Any) -> TlsHop:
        servers.append(TlsHop(carried, tmp_path, **changes))
        return servers[-1]

    yield smtps
    for server in servers:
        server.close()


@pytest.fixture
def sink_at(sink: Sink) -> Iterator[Callable[[str], Sink]]:
    """More of them, at other addresses and the same port."""
    started: list[Sink] = []

    def start(address: str) -> Sink:
        started.append(Sink(address, sink.port))
        return started[-1]

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


Script = Callable[[socket.socket], None]


class Scripted(socketserver.ThreadingTCPServer):
    """A next hop that does on each connection what a function says, octet by octet."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, script: Script, address: str = "127.0.0.1", port: int = 0) -> None:
        class Connection(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                server.connections += 1
                with suppress(OSError):
                    script(self.request)

        server = self
        self.connections = 0
        super().__init__((address, port), Connection)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    started: list[Scripted] = []

    def start(script: Script, address: str = "127.0.0.1", port: int = 0) -> Scripted:
        started.append(Scripted(script, address, port))
        return started[-1]

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """No test knows what another one learnt of a next hop, or of a host at the same address and port."""
    from transport.deliver import look_up, remembered
    from transport.deliver.slots import SLOTS

    SLOTS._proven.clear()
    for memory in (remembered.PACES, remembered.UNTRUSTED, remembered.BROKEN):
        memory.forget()
    look_up.resolver.cache_clear()
    look_up._doubt.cache_clear()


@dataclass
class Journal:
    """Writes segments as a transport does."""

    directory: Path
    paths: list[Path] = field(default_factory=list)

    def segment(self) -> Path:
        path = self.directory / new_name(datetime.now(UTC), self.paths[-1].name if self.paths else "")
        path.touch()
        self.paths.append(path)
        return path

    def accept(
        self, *recipients: str, sender: str = "ann@x.test", content: bytes = HEADER + b"body\r\n", **changes: Any
    ) -> uuid.UUID:
        identity = changes.pop("identity", None) or uuid.uuid4()
        path = self.paths[-1] if self.paths else self.segment()
        facts: dict[str, Any] = {"accepted_at": time.time(), "body_type": "7BIT", "body_file": ""} | changes
        envelope = Envelope(
            identity.bytes, facts.pop("accepted_at"), "t1", "Default", 1, "0" * 16, "192.0.2.1", "client.x.test",
            False, facts.pop("principal", ""), False, sender, recipients, "Figures", "<1@x.test>",
            facts.pop("size", len(content)), facts.pop("body_type"), facts.pop("body_file"), **facts,
        )  # fmt: skip
        with path.open("ab") as file:
            file.write(encode_head(mark_of(path), envelope, (content,)) + content)
        return identity

    def accept_large(self, recipient: str, size: int, **changes: Any) -> bytes:
        """A message whose body lies in a file of its own; returns the whole content."""
        line = b"0123456789" * 7 + b"\r\n"
        body = line * (size // len(line))
        name = f"{uuid.uuid4().hex}.body"
        (self.directory / BODIES / name).write_bytes(body)
        self.accept(recipient, content=HEADER, size=len(HEADER) + len(body), body_file=name, **changes)
        return HEADER + body


@pytest.fixture
def journal(home: Path) -> Journal:
    directory = home / "journal" / "t1"
    (directory / BODIES).mkdir(parents=True)
    return Journal(directory)


@pytest.fixture
def query(database_url: str) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield lambda statement, *values: connection.execute(statement, values or None).fetchall()


@pytest.fixture
def configure(database_url: str, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Snapshot]:
    """Publish a configuration to gw.test: x.test and gatepost.test are ours, everything else goes to the sink."""
    monkeypatch.setenv("GATEPOST_NODE", "gw.test")

    def configure(
        *,
        port: int = 0,
        smart_hosts: tuple[str, ...] = ("[127.0.0.1]",),
        connectors: Any = None,
        limits: Any = None,
        config: TransportConfig | None = None,
        receiving: tuple[ReceiveConnector, ...] = (),
        dns_servers: tuple[Binding, ...] = (),
        named_senders: tuple[NamedSender, ...] = (),
        domains: tuple[AcceptedDomain, ...] = (),
        certificates: tuple[Certificate, ...] = (),
        **changes: Any,
    ) -> Snapshot:
        number = next(_revisions) + int(time.time())
        out = SendConnector(
            name="Out", address_spaces=(AddressSpace("*"),), dns_routing_enabled=not smart_hosts,
            smart_hosts=smart_hosts, port=port or sink.port, **changes,
        )  # fmt: skip
        ours = tuple(
            AcceptedDomain(
                name=name, domain_name=name, default=name == "gatepost.test", address_book_enabled=name != "x.test"
            )
            for name in ("gatepost.test", "x.test")
        )
        snapshot = Snapshot(
            revision=number, accepted_domains=ours + domains,
            send_connectors=(out,) if connectors is None else connectors, transport_limits=limits or TransportLimits(),
            transport_config=config or TransportConfig(), receive_connectors=receiving,
            connection_filter=ConnectionFilter(dns_servers=dns_servers), certificates=certificates,
            named_senders=named_senders,
        )  # fmt: skip
        text = document.encode(snapshot)
        with psycopg.connect(database_url) as connection:
            connection.execute(
                "INSERT INTO publishing_configrevision (number, document, checksum, author, comment) "
                "VALUES (%s, %s, %s, '', '')",
                [number, text.decode(), document.checksum(text)],
            )
        return snapshot

    return configure


@pytest.fixture
def forward(home: Path, database_url: str) -> Callable[[], int]:
    """Move everything that the journals hold."""

    def forward() -> int:
        forwarder = Forwarder(home, database_url)
        moved = 0
        with psycopg.connect(database_url, autocommit=True) as connection:
            while count := forwarder.move_mail(connection):
                moved += count
        return moved

    return forward


@pytest.fixture
def queued(journal: Journal, forward: Callable[..., int]) -> Callable[..., None]:
    def queued(*recipients: str, **changes: Any) -> None:
        """Accept and move a message for each."""
        for recipient in recipients:
            journal.accept(recipient, **changes)
        forward()

    return queued


@pytest.fixture
def dns(configure: Callable[..., Snapshot], sink: Sink) -> Iterator[Callable[..., DnsServer]]:
    """Mail goes by MX, to hosts in the loopback network and the port of the sink."""
    servers: list[DnsServer] = []

    def dns(records: Any, *, ranges: Any = LOOPBACK, **changes: Any) -> DnsServer:
        servers.append(DnsServer(records))
        configure(
            smart_hosts=(),
            internal_ip_ranges=ranges,
            dns_servers=(Binding("127.0.0.1", servers[-1].port),),
            use_external_dns_servers_enabled=True,
            **changes,
        )
        return servers[-1]

    yield dns
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def closed_pool(django_db_setup: None) -> Iterator[None]:
    """Delivery's connections are gone before the test database is."""
    from transport.deliver.database import pool

    yield
    pool().close()
    pool.cache_clear()


@pytest.fixture
def deliver(closed_pool: None, database_url: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Deliver what is due for a next hop, in this process."""
    from transport.deliver import mailboxes, rounds, smtp_relay
    from transport.deliver.worker import WORKER

    for way in (smtp_relay.SmtpRelay, mailboxes.Mailboxes):
        monkeypatch.setattr(way, "lingers", 0.0)

    def deliver(hop: str = "smarthost:Out") -> None:
        rounds.deliver(hop, WORKER.number)

    return deliver


@pytest.fixture
def sent(
    journal: Journal,
    forward: Callable[..., int],
    deliver: Callable[..., None],
    configure: Callable[..., Snapshot],
) -> Callable[..., None]:
    """Accept a message, move it, deliver it."""
    configure()

    def sent(*recipients: str, **changes: Any) -> None:
        journal.accept(*(recipients or ("bob@far.test",)), **changes)
        forward()
        deliver()

    return sent


@pytest.fixture
def process(home: Path, database_url: str, redis_url: str) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a process of the running copy: `process("-m", "transport", "forwarder")`. All are gone afterwards."""
    started: list[subprocess.Popen[bytes]] = []
    environment = os.environ | {"GATEPOST_HOME": str(home), "DATABASE_URL": database_url, "REDIS_URL": redis_url}

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, *arguments]
        with (home / f"process-{len(started)}.log").open("wb") as log:
            child = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=log, stderr=log)
        started.append(child)
        return child

    yield start
    for child in started:
        child.send_signal(signal.SIGKILL)
        child.wait()
