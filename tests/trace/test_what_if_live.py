"""The proof: what the what-if says is what a live transport says, octet for octet, whatever the configuration.

`PAIRS=10000` draws so many pairs of configuration and dialogue (`make fuzz` does), `SEED=…` those of a former run.
"""

from __future__ import annotations

import base64
import os
import random
import re
import shutil
import socket
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import psycopg
import pytest
from argon2 import PasswordHasher
from msgspec.structs import replace

from console.processes.account import Account
from console.processes.address import free_port
from tests.dialogues.test_live import LiveTransport
from tests.dns_server import Records
from tests.trace.what_if_pairs import ANNA, LISTED, configuration, dialogue, dns
from transport.receive.facts import Texts
from transport.trace.watched import WatchedPolicy
from transport.trace.what_if import Answer, Dialogue, Given, Step, what_if

pytestmark = pytest.mark.django_db  # pytest-django makes the test database only when somebody asks for it
PAIRS = int(os.environ.get("PAIRS", "300"))
OF_ONE_CONFIGURATION = 25
PASSWORD = "open sesame"
NOT_THE_SAME = (
    (rb"ready at [^\r]*", b"ready at TIME"),
    (rb"<[0-9a-f]{32}@[^>]*>", b"<IDENTITY>"),
    (rb"InternalId=\d+", b"InternalId=NUMBER"),
)
"""Times and names that are given anew for each session and message."""
TABLES = (
    "publishing_configrevision, publishing_transport, publishing_traffic, directory_recipient, users_user, users_group"
)


@pytest.fixture(scope="module")
def transport(django_db_setup: None) -> Iterator[LiveTransport]:
    from django.conf import settings

    url = str(settings.DATABASE_URL)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {TABLES} CASCADE")
        _fill(connection)
    home = Account.unprivileged().own(Path(tempfile.mkdtemp(prefix="gatepost-whatif-")))
    running = LiveTransport(home, url)
    yield running
    running.stop()
    shutil.rmtree(home)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {TABLES} CASCADE")


def _fill(connection: psycopg.Connection[Any]) -> None:
    """The directory that the pairs take for granted."""
    connection.cursor().executemany(
        "INSERT INTO directory_recipient (address, display_name, change_number, deleted, created_at)"
        " VALUES (%s, '', nextval('directory_change_number'), false, now())",
        [(address,) for address in LISTED],
    )
    domain, _, name = ANNA.name.partition("\\")
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    connection.execute(
        "WITH anna AS (INSERT INTO users_user (domain, name, password) VALUES (%s, %s, %s) RETURNING id),"
        " sales AS (INSERT INTO users_group (name) VALUES (%s) RETURNING id),"
        " owned AS (INSERT INTO users_user_addresses (user_id, recipient_id)"
        "  SELECT anna.id, directory_recipient.id FROM anna, directory_recipient WHERE address = any(%s))"
        " INSERT INTO users_user_groups (user_id, group_id) SELECT anna.id, sales.id FROM anna, sales",
        (domain, name, cheap.hash(PASSWORD), ANNA.groups[0], list(ANNA.addresses)),
    )


class Dns(Mapping[tuple[str, str], Texts]):
    """What the name server knows, as answers that are given by hand."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def __getitem__(self, record: tuple[str, str]) -> Texts:
        return tuple(self._records.get(record, ()))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(())

    def __len__(self) -> int:
        return len(self._records)


class Client:
    """Does over a socket what the what-if has done, and compares what it hears."""

    def __init__(self, transport: LiveTransport, asked: Dialogue) -> None:
        self.transport, self.asked = transport, asked
        self.connection = socket.create_connection(asked.local, timeout=20, source_address=(asked.client, 0))
        self.replies: BinaryIO = self.connection.makefile("rb")

    def hears(self, answer: Answer) -> str:
        """Where the two differ; empty when they do not."""
        waits_for_content = False
        for step in answer.steps:
            self.says(step, waits_for_content)
            replies = sum(line[3:4] != b"-" for line in step.reply.splitlines())  # two where a limit is reached
            if said := differing(step, b"".join(self.reply() for _ in range(replies))):
                return said
            waits_for_content = step.said == "DATA"
            if step.said == "STARTTLS" and step.code == 220:
                self.secures()
        left = self.replies.read() if answer.closed else b""
        return f"there is more: {left!r}" if left else ""

    def says(self, step: Step, content: bool) -> None:
        if content:
            self.connection.sendall(self.message())
        elif step.said.startswith("AUTH PLAIN"):
            self.connection.sendall(b"AUTH PLAIN " + _base64(f"\0{ANNA.name}\0{PASSWORD}") + b"\r\n")
        elif step.sent == _base64("-") + b"\r\n":
            self.connection.sendall(_base64(PASSWORD) + b"\r\n")
        else:
            self.connection.sendall(step.sent)

    def message(self) -> bytes:
        """Dots stuffed, and as large as it is said to be."""
        content = self.asked.content
        missing = self.asked.octets - len(content)
        if missing and b"\r\n\r\n" not in content and not content.startswith(b"\r\n"):
            content, missing = content + b"\r\n", missing - 2
        while missing > 0:
            line = b"z" * (76 if missing >= 80 else missing - 2) + b"\r\n"
            content, missing = content + line, missing - len(line)
        stuffed = re.sub(rb"(\A|\r\n)\.", rb"\1..", content)
        return stuffed + b".\r\n"

    def reply(self) -> bytes:
        found = b""
        while line := self.replies.readline():
            found += line
            if line[3:4] != b"-":
                break
        return found

    def secures(self) -> None:
        names = self.asked.certificate
        secured = self.transport.handshake(names[0] if names else "").wrap_socket(self.connection)
        self.connection, self.replies = secured, secured.makefile("rb")

    def leaves(self) -> None:
        self.replies.close()
        self.connection.close()


def _base64(text: str) -> bytes:
    return base64.b64encode(text.encode())


def differing(step: Step, heard: bytes) -> str:
    expected, found = step.reply, heard
    for pattern, name in NOT_THE_SAME:
        expected, found = re.sub(pattern, name, expected), re.sub(pattern, name, found)
    if found == expected:
        return ""
    return f"to {step.said!r} ({step.rule}) the what-if says {expected!r}, the transport {found!r}"


@pytest.mark.timeout(120 + PAIRS)
def test_each_reply_is_that_of_a_live_transport(transport: LiveTransport) -> None:
    seed = int(os.environ.get("SEED", random.randrange(10**6)))
    chance, ended = random.Random(seed), Counter[str]()
    for drawn in range(0, PAIRS, OF_ONE_CONFIGURATION):
        port, records = free_port(), dns(chance)
        snapshot, with_certificate = configuration(chance, port), chance.random() < 0.9
        transport.put_in_force(snapshot, records, with_certificate)
        known = replace(snapshot, certificates=(transport.certificate,) if with_certificate else ())
        for place in range(OF_ONE_CONFIGURATION):
            asked = dialogue(chance, port)
            answer = _asked(known, asked, Dns(records))
            if any(step.said.startswith(("AUTH NTLM", "AUTH GSSAPI")) for step in answer.steps):
                asked = replace(asked, user=None)
                answer = _asked(known, asked, Dns(records))
            client = Client(transport, asked)
            try:
                wrong = client.hears(answer)
            finally:
                client.leaves()
            assert not wrong, f"seed {seed}, pair {drawn + place}: {wrong}\n{asked}\n{answer.match}"
            ended[answer.refusal.rule if answer.refusal else "accepted"] += 1
    print(f"seed {seed}: {sum(ended.values())} pairs, {dict(ended.most_common())}")
    assert len(ended) >= 10, ended


def _asked(snapshot: Any, asked: Dialogue, records: Dns) -> Answer:
    given = Given(bool(snapshot.certificates), frozenset(LISTED).__contains__, records)
    return what_if(WatchedPolicy(snapshot, "gateway.test"), asked, given)
