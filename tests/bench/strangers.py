"""`python -m tests.bench.strangers`: what thousands of next hops that do not answer cost everybody else's mail.

4,000 domains with MX hosts of their own, of each kind a quarter: refused, silent, dripping a greeting, and falling
silent once a message was announced. Meanwhile one message every half second for a mailbox, a smart host, and a domain
whose MX host has taken mail before. Prints how long each took, and how long the queue pages take.
"""

from __future__ import annotations

import asyncio
import secrets
import smtplib
import statistics
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep, time
from typing import Any

import dns.message
import dns.rdatatype
import dns.rrset
from aiosmtpd.controller import Controller

from console.processes.address import free_port
from tests.dns_server import DnsServer
from tests.running_copy import RunningCopy
from tests.waiting import wait_for

STRANGERS, RECIPIENTS, SECONDS = 4000, 200, 60
KINDS = {"refused": "127.2.0.1", "silent": "127.2.0.2", "dripping": "127.2.0.3", "stalling": "127.2.0.4"}
HEALTHY = "127.2.0.9"

SETUP = """
import sys
from console.actors import SYSTEM
from console.connectors import actions
from transport.config.endpoint import parse_binding, parse_range
from transport.config.permissions import ANONYMOUS, Grant, PermissionGroup, Right
from transport.config.receive_connector import ReceiveConnector
from transport.config.address_space import AddressSpace
from transport.config.send_connector import SendConnector

relay, port = sys.argv[1], int(sys.argv[2])
everyone = (parse_range("127.0.0.0/8"),)
actions.create(SYSTEM, ReceiveConnector(
    name="Relay", bindings=(parse_binding(relay),), remote_ip_ranges=everyone, max_inbound_connection_per_source=None,
    permission_groups=frozenset({PermissionGroup.AnonymousUsers}), message_rate_limit=None,
    grants=(Grant(ANONYMOUS, Right.ACCEPT_ANY_RECIPIENT.value),)), confirmed_name="Relay")
actions.create(SYSTEM, SendConnector(
    name="Internet", address_spaces=(AddressSpace("*"),), dns_routing_enabled=True, port=port,
    use_external_dns_servers_enabled=True, internal_ip_ranges=everyone))
actions.create(SYSTEM, SendConnector(
    name="Head office", address_spaces=(AddressSpace("smart.test"),), dns_routing_enabled=False,
    smart_hosts=("[127.2.0.9]",), port=port))
"""


class Zone(DnsServer):
    """Every name below `<kind>.test` has the MX host of its kind; all the others have the healthy one."""

    def _answer(self, query: dns.message.Message, name: str, kind: str) -> dns.message.Message:
        response = dns.message.make_response(query)
        host = name.rpartition(".")[0].rpartition(".")[2]
        if kind == "MX":
            answer = dns.rrset.from_text(name + ".", self.ttl, "IN", "MX", f"10 mx.{host}.test.")
            response.answer.append(answer)
        elif kind == "A":
            response.answer.append(dns.rrset.from_text(name + ".", self.ttl, "IN", "A", KINDS.get(host, HEALTHY)))
        return response


class Arrivals:
    """An aiosmtpd handler: when each marked message came, in seconds since 1970."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        self.at[_mark(envelope.content)] = time()
        return "250 2.0.0 Ok"


def _mark(content: bytes) -> str:
    return content.partition(b"X-Mark: ")[2].split(b"\r\n")[0].decode()


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not reader.at_eof():
        writer.write(b"220-wait\r\n")
        await asyncio.sleep(5)


async def _stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 here\r\n")
    while line := await reader.readline():
        if line.upper().startswith((b"EHLO", b"HELO")):
            writer.write(b"250 here\r\n")


@contextmanager
def strangers(port: int) -> Iterator[None]:
    """All but the refusing ones, which need no listener."""
    over = threading.Event()

    async def serve() -> None:
        for kind, talk in (("silent", _say_nothing), ("dripping", _drip), ("stalling", _stall)):
            await asyncio.start_server(_quiet(talk), KINDS[kind], port, backlog=1000)
        await asyncio.to_thread(over.wait)

    serving = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    serving.start()
    yield
    over.set()
    serving.join()


def _quiet(talk: Talk) -> Talk:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except OSError:
            pass
        finally:
            writer.close()

    return handle


def flood(relay: str, count: int) -> None:
    """One message for every 200 strangers."""
    hops = [f"x@d{number}.{kind}.test" for number in range(count // len(KINDS)) for kind in KINDS]
    host, _, port = relay.rpartition(":")
    with smtplib.SMTP(host, int(port)) as client:
        for start in range(0, len(hops), RECIPIENTS):
            client.sendmail("x@outside.example", hops[start : start + RECIPIENTS], "Subject: flood\r\n\r\n.\r\n")


def send(relay: str, to: str, mark: str) -> float:
    host, _, port = relay.rpartition(":")
    with smtplib.SMTP(host, int(port), source_address=("127.0.0.7", 0)) as client:
        client.sendmail("us@outside.example", [to], f"X-Mark: {mark}\r\nSubject: measured\r\n\r\n.\r\n")
    return time()


def in_mailboxes(home: Path) -> dict[str, float]:
    return {_mark(path.read_bytes()): path.stat().st_mtime for path in (home / "mailboxes").rglob("new/*")}


def pages(copy: RunningCopy) -> str:
    """Seconds that the queue pages take, as the one who reads them feels it."""
    code = (
        "from time import monotonic; from django.test import Client\n"
        "from django.contrib.auth import get_user_model; from django.conf import settings\n"
        "settings.ALLOWED_HOSTS = ['*']\n"
        "client = Client(); client.force_login(get_user_model().objects.get(username='admin'))\n"
        "for path in ('/mail-flow/queues/', '/mail-flow/queues/', '/mail-flow/queues/messages/', '/healthz'):\n"
        "    began = monotonic(); answer = client.get(path, follow=True)\n"
        "    print('page', path, answer.status_code, f'{monotonic() - began:.2f}')\n"
    )
    return copy.manage("shell", "--no-imports", "-c", code).stdout


@dataclass(frozen=True)
class Measured:
    """A copy that takes mail at `relay` (host:port), and whose mail for the healthy arrives."""

    copy: RunningCopy
    relay: str
    arrivals: Arrivals

    def send(self, to: str, mark: str) -> float:
        return send(self.relay, to, mark)

    def came(self) -> dict[str, float]:
        """When each marked message came, in seconds since 1970."""
        return self.arrivals.at | in_mailboxes(self.copy.home)


@contextmanager
def set_up() -> Iterator[Measured]:
    """In order, and with nothing under way."""
    port, relay, arrivals = free_port(), f"127.0.0.1:{free_port()}", Arrivals()
    with ExitStack() as stack:
        zone = stack.enter_context(Zone())
        stack.enter_context(strangers(port))
        sink = Controller(arrivals, hostname=HEALTHY, port=port)
        sink.start()
        stack.callback(sink.stop)
        copy = stack.enter_context(RunningCopy())
        wait_for(lambda: (copy.home / "run.json").exists(), "nothing starts", 120)
        copy.wait_until_in_order()
        code = f"import sys; sys.argv = {['', relay, str(port)]!r}\n{SETUP}"
        servers = f"Set-TransportService -ExternalDNSServers 127.0.0.1:{zone.port}"
        for command in (("shell", "--no-imports", "-c", code), ("gms", "-c", servers)):
            done = copy.manage(*command)
            assert done.returncode == 0, done.stderr + done.stdout
        copy.wait_until_in_order()
        yield Measured(copy, relay, arrivals)


Sent = dict[str, dict[str, float]]
"""By goal: when each marked message was accepted, in seconds since 1970."""


def send_for(measured: Measured, goals: dict[str, str], seconds: float, each_time: Callable[[], object]) -> Sent:
    """One message for each goal every half second."""
    began = monotonic()
    sent: Sent = {goal: {} for goal in goals}
    while monotonic() - began < seconds:
        for goal, to in goals.items():
            mark = f"{goal.replace(' ', '-')}-{secrets.token_hex(4)}"
            sent[goal][mark] = measured.send(to, mark)
        sleep(0.5)
        each_time()
    return sent


def print_waits(measured: Measured, sent: Sent) -> None:
    """How long each took; what has not come waits until now."""
    came = measured.came()
    for goal, marks in sent.items():
        waits = sorted(came.get(mark, time()) - at for mark, at in marks.items())
        missing = sum(mark not in came for mark in marks)
        print(f"{goal:12} n={len(waits)} missing={missing} p50={statistics.median(waits):.2f} s "
              f"p95={waits[int(len(waits) * 0.95)]:.2f} s worst={waits[-1]:.2f} s")  # fmt: skip


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else STRANGERS
    with set_up() as measured:
        measure(measured, count)


def measure(measured: Measured, count: int) -> None:
    copy = measured.copy
    goals = {"mailbox": "postmaster@gatepost.test", "smart host": "a@smart.test", "known MX": "a@partner.test"}
    for to in goals.values():
        measured.send(to, "before-" + secrets.token_hex(4))
    sleep(3)
    threading.Thread(target=flood, args=(measured.relay, count), daemon=True).start()
    sent = send_for(measured, goals, SECONDS, lambda: None)
    fresh = f"fresh-{secrets.token_hex(4)}"
    fresh_sent = measured.send("a@fresh.test", fresh)
    print(pages(copy), copy.manage("status").stderr)
    sleep(10)
    print_waits(measured, sent)
    came = measured.came()
    print(f"a domain that never had mail: {came[fresh] - fresh_sent:.2f} s" if fresh in came else "fresh: waits")
    print((copy.home / "logs" / "outbound.log").stat().st_size, "octets of outbound.log")


if __name__ == "__main__":
    main()
