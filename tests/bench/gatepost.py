"""A whole copy of Gatepost to be measured, with the settings that the measurements need."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psycopg

from tests.bench import processor
from tests.bench.processor import Spent
from tests.running_copy import RunningCopy

ROOT = Path(__file__).resolve().parents[2]

SETUP = """
import sys
from console.actors import SYSTEM
from console.connectors import actions
from console.connectors.models import ReceiveConnector
from console.directory import actions as directory, importing
from transport.config.endpoint import parse_binding, parse_range
from transport.config.permissions import ANONYMOUS, Grant, PermissionGroup, Right
from transport.config.receive_connector import ProtocolLoggingLevel, ReceiveConnector as Value
from transport.config.address_space import AddressSpace
from transport.config.send_connector import SendConnector

domain, count, plain, relay, sink = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5]
recipients = "\\n".join(f"{number}user@{domain}" for number in range(1, count + 1))
job = directory.start_import(SYSTEM, "bench", recipients.encode())
anonymous = frozenset({PermissionGroup.AnonymousUsers})
everyone = (parse_range("127.0.0.0/8"),)
may_relay = (Grant(ANONYMOUS, Right.ACCEPT_ANY_RECIPIENT.value),)
actions.create(SYSTEM, Value(
    name="Bench quiet", bindings=(parse_binding(plain),), remote_ip_ranges=everyone, permission_groups=anonymous,
    max_message_size=200 * 1024 * 1024, max_inbound_connection=None, max_inbound_connection_per_source=None))
actions.create(SYSTEM, Value(
    name="Bench relay", bindings=(parse_binding(relay),), remote_ip_ranges=everyone, permission_groups=anonymous,
    grants=may_relay), confirmed_name="Bench relay")
actions.create(SYSTEM, SendConnector(
    name="Bench sink", address_spaces=(AddressSpace("*"),), dns_routing_enabled=False, smart_hosts=("[127.0.0.1]",),
    port=int(sink)))
"""


class Gatepost(RunningCopy):
    """`smtp` logs Verbose; `quiet` does not log and takes large messages; `relay` relays to the sink."""

    def __init__(self, quiet: int, relay: int, sink: int, domain: str, recipients: int) -> None:
        super().__init__()
        self.quiet, self.relay, self.sink, self.domain, self.recipients = quiet, relay, sink, domain, recipients

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"GATEPOST_DOMAIN": self.domain}

    def prepare(self) -> None:
        """Waits until everything is up, then makes connectors and recipients."""
        self._checked(self.manage("status", "--wait", "60"))
        places = [f"127.0.0.1:{self.quiet}", f"127.0.0.1:{self.relay}", str(self.sink)]
        code = f"import sys; sys.argv = {['', self.domain, str(self.recipients), *places]!r}\n{SETUP}"
        self._checked(self.manage("shell", "--no-imports", "-c", code))
        self._checked(self.manage("status", "--wait", "60"))
        self._wait(lambda: self._scalar("SELECT count(*) FROM directory_recipient") >= self.recipients, "recipients")

    def waiting(self) -> int:
        """Recipients that are not delivered yet, those in the journal included."""
        found = re.search(r"^queued +([\d,]+)", self._checked(self.manage("ledger")).stdout, re.MULTILINE)
        assert found
        return int(found[1].replace(",", ""))

    def drain(self, seconds: float = 300) -> None:
        """Returns when everything is delivered."""
        self._wait(lambda: self.waiting() == 0, "the queue does not drain", seconds)

    def settle(self) -> None:
        """Returns when everything is delivered, and what PostgreSQL had in memory is written."""
        self.drain()
        with self._connection() as connection:
            connection.execute("CHECKPOINT")

    def spent(self) -> Spent:
        """By all processes of the copy."""
        return processor.spent({self.process.pid} if self.process else set())

    def memory(self) -> int:
        """Resident memory of the transports and their parent, in octets."""
        parent = self.run_file()["pids"]["transport"]
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in (parent, *children)]
        return sum(pages) * os.sysconf("SC_PAGE_SIZE")

    def _scalar(self, query: str) -> Any:
        with self._connection() as connection:
            row = connection.execute(query).fetchone()
            return row[0] if row else None

    def _connection(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.run_file()["database_url"], autocommit=True)

    @staticmethod
    def _checked(run: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
        if run.returncode:
            sys.exit(run.stdout + run.stderr)
        return run

    @staticmethod
    def _wait(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
        deadline = monotonic() + seconds
        while not condition():
            if monotonic() > deadline:
                sys.exit(f"bench: {what} after {seconds:g} s")
            sleep(0.2)
