"""Each dialogue against a live transport over a socket: a difference to `test_core` is a bug of the shell."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from time import time
from typing import Any

import msgspec
import psycopg
import pytest
from argon2 import PasswordHasher

from console.processes.account import Account
from console.processes.address import free_port
from tests.conftest import wait_for
from tests.dialogues.dialogue import Dialogue, KnownUser, Step, all_dialogues, matches, on_port, read, sent
from tests.dns_server import DnsServer, Records
from tests.shell.certificates import SECRET, Authority
from transport.config.document import checksum, encode
from transport.config.endpoint import Binding
from transport.config.snapshot import Snapshot

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db  # pytest-django makes the test database only when somebody asks for it


def add_user(connection: psycopg.Connection[Any], user: KnownUser) -> None:
    (number,) = connection.execute(
        "INSERT INTO users_user (domain, name, password) VALUES (%s, %s, %s) RETURNING id",
        (user.domain, user.name, PasswordHasher().hash(user.password)),
    ).fetchone() or (0,)
    connection.execute(
        "INSERT INTO users_user_addresses (user_id, recipient_id)"
        " SELECT %s, id FROM directory_recipient WHERE address = any(%s)",
        (number, user.addresses),
    )
    for group in user.groups:
        connection.execute(
            "WITH made AS (INSERT INTO users_group (name) VALUES (%s) RETURNING id)"
            " INSERT INTO users_user_groups (user_id, group_id) SELECT %s, id FROM made",
            (group, number),
        )


class LiveTransport:
    """`python -m transport` on a database of its own tests; every dialogue becomes a revision."""

    def __init__(self, home: Path, database_url: str) -> None:
        self.health = f"127.0.0.1:{free_port()}"
        self.home, self.database_url, self.authority = home, database_url, Authority()
        self.certificate = self.authority.certificate()
        self.revision = 0
        self.dns = DnsServer()
        environment = {**os.environ, "GATEPOST_HOME": str(home), "DATABASE_URL": database_url}
        environment |= {"GATEPOST_HEALTH": self.health, "GATEPOST_SECRET_KEY": SECRET.decode()}
        environment |= {"GATEPOST_NODE": "gateway.test"}
        self.output = (home / "transport.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "transport"], cwd=ROOT, env=environment, stdout=self.output, stderr=self.output
        )

    def publish(self, dialogue: Dialogue, port: int) -> None:
        self.put_in_force(on_port(dialogue.snapshot, port), dialogue.dns, dialogue.certificate)

    def put_in_force(self, snapshot: Snapshot, dns: Records, certificate: bool) -> None:
        """`dns` is what the only name server knows; `certificate`: the transport has one."""
        self.revision += 1
        snapshot = self.with_name_server(snapshot, dns)
        certificates = (self.certificate,) if certificate else ()
        document = encode(msgspec.structs.replace(snapshot, revision=self.revision, certificates=certificates))
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO publishing_configrevision (number, document, checksum, author, comment)"
                " VALUES (%s, %s, %s, 'test', '')",
                (self.revision, document.decode(), checksum(document)),
            )
            connection.execute("NOTIFY gatepost_config")
        wait_for(lambda: self.facts().get("revision") == self.revision, f"revision {self.revision} is not in force")

    def with_name_server(self, snapshot: Snapshot, dns: Records) -> Snapshot:
        self.dns.close()
        self.dns = DnsServer(dns)  # a new one, so that the transport forgets what the one before has said
        server = Binding("127.0.0.1", self.dns.port)
        settings = msgspec.structs.replace(snapshot.connection_filter, dns_servers=(server,))
        return msgspec.structs.replace(snapshot, connection_filter=settings)

    def facts(self) -> dict[str, object]:
        try:
            with urllib.request.urlopen(f"http://{self.health}/healthz", timeout=2) as answer:
                return dict(json.load(answer))
        except OSError:
            return {}

    def handshake(self, name: str) -> ssl.SSLContext:
        """A client's side of TLS that believes every server, and shows a certificate when `name` is given."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if name:
            context.load_cert_chain(self.authority.client(name, self.home))
        return context

    def stop(self) -> None:
        self.dns.close()
        self.process.terminate()
        assert self.process.wait(20) == 0
        self.output.close()


@pytest.fixture(scope="module")
def live_transport(django_db_setup: None) -> Iterator[LiveTransport]:
    from django.conf import settings

    url = str(settings.DATABASE_URL)
    dialogues = [read(path) for path in all_dialogues()]
    users = {(user.domain, user.name): user for dialogue in dialogues for user in dialogue.users}
    addresses = {address.lower() for dialogue in dialogues for address in dialogue.recipients}
    addresses |= {address for user in users.values() for address in user.addresses}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE publishing_configrevision, directory_recipient, users_user, users_group CASCADE")
        connection.cursor().executemany(
            "INSERT INTO directory_recipient (address, display_name, change_number, deleted, created_at)"
            " VALUES (%s, '', nextval('directory_change_number'), false, now())",
            [(address,) for address in sorted(addresses)],
        )
        for user in users.values():
            add_user(connection, user)
    home = Account.unprivileged().own(Path(tempfile.mkdtemp(prefix="gatepost-live-")))
    transport = LiveTransport(home, url)
    yield transport
    transport.stop()
    shutil.rmtree(home)
    with psycopg.connect(url, autocommit=True) as connection:
        reports = "publishing_configrevision, publishing_transport, publishing_traffic"
        connection.execute(f"TRUNCATE {reports}, directory_recipient, users_user, users_group CASCADE")


class Conversation:
    """One client's side of a dialogue, over a socket."""

    def __init__(self, transport: LiveTransport, to: tuple[str, int]) -> None:
        self.transport, self.to = transport, to
        self.connection = socket.socket()

    def connect(self, client: str) -> None:
        self.connection.close()
        self.open(socket.create_connection(self.to, timeout=10, source_address=(client, 0)))

    def open(self, connection: socket.socket) -> None:
        self.connection, self.replies = connection, connection.makefile("rb")

    def line(self) -> str:
        return self.replies.readline().decode().removesuffix("\r\n")

    def do(self, step: Step, place: str, before_reply: bool) -> None:
        match step.mark:
            case "S":
                reply = self.line()
                assert matches(step.text, reply), f"{place}: the server says {reply!r}"
            case "rest":
                while self.line()[3:4] == "-":
                    pass
            case "closed":
                assert self.line() == "", place
            case "starttls":
                self.open(self.transport.handshake(step.text).wrap_socket(self.connection))
            case "connect":
                self.connect(step.text)
            case "wait" if not before_reply:
                threading.Event().wait(int(step.text))
            case "C" | "C\\" | "C64":
                self.connection.sendall(sent(step))


@pytest.mark.parametrize("path", all_dialogues(), ids=lambda path: path.stem)
def test_dialogue(path: Path, live_transport: LiveTransport) -> None:
    dialogue, port = read(path), free_port()
    live_transport.publish(dialogue, port)
    if any(connector.message_rate_limit for connector in dialogue.snapshot.receive_connectors):
        wait_for(lambda: time() % 60 < 55, "the minute in which messages are counted does not end")
    conversation = Conversation(live_transport, (dialogue.local[0], port))
    conversation.connect(dialogue.client)
    try:
        for step, following in zip_longest(dialogue.steps, dialogue.steps[1:]):
            before_reply = following is not None and following.mark == "S"
            conversation.do(step, f"{path.name}:{step.number}", before_reply)
    finally:
        conversation.connection.close()
