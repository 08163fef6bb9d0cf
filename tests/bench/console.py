"""What the console's pages take with a million sessions, a million recipients and 100,000 waiting messages, on a
PostgreSQL of its own: p50 and p95 of 20 loads each, one after the other, and what a load costs console and database.

`make bench-console`; `make bench-console BENCH="--part 100"` with a hundredth of the data.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from time import monotonic
from urllib.parse import quote

import psycopg

from console.processes import sockets
from console.processes.account import ROOT_ALLOWED, Account
from console.processes.address import free_port
from console.processes.postgres import Postgres
from console.processes.program import Program
from console.processes.valkey import Valkey
from tests.bench.processor import spent
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
SESSIONS, RECIPIENTS, MESSAGES, LOADS = 1_000_000, 1_000_000, 100_000, 20
PASSWORD = "a-long-bench-password"

# fmt: off
PAGES = {
    "Overview": "/",
    "Receive connectors": "/mail-flow/receive-connectors/",
    "Directory": "/recipients/directory/",
    "Directory, filter": "/recipients/directory/?q=r4081",
    "Queues": "/mail-flow/queues/",
    "Queued messages": "/mail-flow/queues/messages/",
    "Message tracking": "/trace/messages/",
    "Message tracking, words": "/trace/messages/?q=r4081",
    "Protocol log": "/trace/protocol-log/",
    "Protocol log, refused": "/trace/protocol-log/?outcome=refused",
    "Protocol log, address": "/trace/protocol-log/?q=10.0.0.77",
    "Protocol log, network": "/trace/protocol-log/?q=10.0.3.0/24",
    "Protocol log, words": "/trace/protocol-log/?q=printer77",
    "Refusals": "/trace/refusals/",
    "Refusal relay_denied": "/trace/refusals/relay_denied/",
    "Search, word": "/search?q=printer77",
    "Search, address": "/search?q=10.0.0.77",
    "Search, recipient": "/search?q=" + quote("r4081@kunde"),
    "Search, setting": "/search?q=tarpit",
    "Search, nothing": "/search?q=zebra",
}
# fmt: on

DATA = """
INSERT INTO tracking_session (session_id, transport, connector, local_endpoint, remote_address, remote_port, helo,
    sender, recipients, accepted, refused, revision, started_at, ended_at, events, search)
SELECT upper(lpad(to_hex(n), 16, '0')), 'mx1', 'MX1\\Office', '10.9.9.9:25', a, 4711, h, s, ARRAY[r],
    (n % 10 > 0)::int, (n % 10 = 0)::int, 1, now() - n * interval '1 second', now() - n * interval '1 second', '[]',
    concat_ws(' ', to_hex(n), a, 'office', h, s, r,
        CASE WHEN n % 10 = 0 THEN '550 5.7.1 unable to relay relay_denied' END)
FROM (SELECT n, concat_ws('.', 10, n / 65536 % 256, n / 256 % 256, n % 256) AS a, 'printer' || n % 500 AS h,
    'device' || n % 900 || '@contoso.com' AS s, 'r' || n % 90000 || '@kunde' || n % 300 || '.example' AS r
    FROM generate_series(1, {sessions}) n) made;
INSERT INTO directory_recipient (address, display_name)
SELECT 'r' || n || '@contoso.com', 'Person ' || n FROM generate_series(1, {recipients}) n;
INSERT INTO queues_nexthop (key, delivery_type, domain, connector)
SELECT 'domain:Internet:kunde' || n || '.example', 'DnsConnectorDelivery', 'kunde' || n || '.example', 'Internet'
FROM generate_series(0, 299) n;
INSERT INTO queues_message (id, accepted_at, transport, connector, revision, session_id, client_address, helo, tls,
    principal, authenticated, sender, subject, message_id, size, body_type, recipient_count, expires_at)
SELECT lpad(to_hex(n), 32, '0')::uuid, now() - n * interval '1 second', 'mx1', 'Office', 1, to_hex(n), '10.0.0.1',
    'printer', false, '', false, 'anna@contoso.com', 'Invoice ' || n, '<' || n || '@contoso.com>', 4000, '7BIT', 1,
    now() + interval '2 days' FROM generate_series(1, {messages}) n;
INSERT INTO queues_recipient (message_id, address, next_hop, due_at, notice_at)
SELECT lpad(to_hex(n), 32, '0')::uuid, 'r' || n || '@kunde' || n % 300 || '.example',
    'domain:Internet:kunde' || n % 300 || '.example', now() + interval '1 hour', now() + interval '4 hours'
FROM generate_series(1, {messages}) n;
INSERT INTO queues_content (message_id, number, chunk)
SELECT lpad(to_hex(n), 32, '0')::uuid, 0, 'x' FROM generate_series(1, {messages}) n;
INSERT INTO tracking_event (time, event, source, message_id, recipients)
SELECT now() - n * interval '1 second', 'RECEIVE', 'SMTP', lpad(to_hex(n), 32, '0')::uuid,
    ARRAY['r' || n || '@kunde' || n % 300 || '.example'] FROM generate_series(1, {messages}) n;
INSERT INTO tracking_search (message_id, time, words, client)
SELECT lpad(to_hex(n), 32, '0')::uuid, now() - n * interval '1 second',
    tracking_words('anna@contoso.com invoice ' || n || ' r' || n || '@kunde' || n % 300 || '.example'), '10.0.0.1'
FROM generate_series(1, {messages}) n;
VACUUM ANALYZE;
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--part", type=int, default=1, help="use one part of so many of the data")
    part = parser.parse_args().part
    with _servers() as (database, environment, pids):
        began = monotonic()
        _fill(database, part)
        made = (
            f"{SESSIONS // part:,} sessions, {RECIPIENTS // part:,} recipients, {MESSAGES // part:,} waiting messages"
        )
        print(f"{made}: made in {monotonic() - began:.0f} s", flush=True)
        print(f"{'':28}{'p50 ms':>8}{'p95 ms':>8}{'console ms':>12}{'database ms':>12}{'KB':>7}")
        browser = _Browser(environment["GATEPOST_CONSOLE"])
        browser.sign_in()
        for name, path in PAGES.items():
            _measure(name, lambda path=path: browser.get(path), pids)  # type: ignore[misc]


def _measure(name: str, load: Callable[[], int], pids: tuple[int, int]) -> None:
    size = max(load() for _ in range(3))
    before, took = _spent(pids), []
    for _ in range(LOADS):
        began = monotonic()
        load()
        took.append((monotonic() - began) * 1000)
    costs = [(after - earlier) / LOADS * 1000 for earlier, after in zip(before, _spent(pids), strict=True)]
    p95 = sorted(took)[int(LOADS * 0.95) - 1]
    print(f"{name:28}{median(took):8.0f}{p95:8.0f}{costs[0]:12.0f}{costs[1]:12.0f}{size / 1024:7.0f}", flush=True)


def _spent(pids: tuple[int, int]) -> list[float]:
    """CPU seconds so far of each process with its children."""
    return [spent({pid}).seconds for pid in pids]


class _Browser:
    """One connection that is kept."""

    def __init__(self, place: str) -> None:
        self._connection, self._cookies = HTTPConnection(place, timeout=120), dict[str, str]()

    def get(self, path: str, body: str = "") -> int:
        """How large the answer is."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body:
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        self._connection.request("POST" if body else "GET", path, body or None, headers)
        answer = self._connection.getresponse()
        self.page = answer.read().decode()
        assert answer.status < 400, (path, answer.status)
        for value in answer.headers.get_all("Set-Cookie") or ():
            name, _mark, rest = value.partition("=")
            self._cookies[name] = rest.partition(";")[0]
        return len(self.page.encode())

    def sign_in(self) -> None:
        self.get("/account/sign-in")
        token = self.page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        self.get("/account/sign-in", f"csrfmiddlewaretoken={token}&username=admin&password={PASSWORD}")


def _fill(database: str, part: int) -> None:
    sizes = {"sessions": SESSIONS // part, "recipients": RECIPIENTS // part, "messages": MESSAGES // part}
    with psycopg.connect(database, autocommit=True) as connection:
        for statement in DATA.format(**sizes).split(";\n"):
            if statement.strip():
                connection.execute(statement)


@contextmanager
def _servers() -> Iterator[tuple[str, dict[str, str], tuple[int, int]]]:
    """The database's address, the environment, and the process ids of console and database."""
    account = Account.unprivileged()
    directory = account.own(Path(tempfile.mkdtemp(prefix="gatepost-bench-")))
    listening = sockets.directory(directory, account)
    postgres = Postgres(directory / "postgres", listening, account, durable=False)
    valkey = Valkey(directory / "redis", listening, account)
    running = [_start(postgres.prepare(), postgres.answers), _start(valkey.prepare(), valkey.answers)]
    place = f"127.0.0.1:{free_port()}"
    environment = {
        "GATEPOST_HOME": str(directory / "home"), "DATABASE_URL": postgres.url, "REDIS_URL": valkey.url,
        "GATEPOST_CONSOLE": place, "GATEPOST_ADMIN_PASSWORD": PASSWORD, ROOT_ALLOWED: "1",
    }  # fmt: skip
    (directory / "home").mkdir()
    console = None
    try:
        postgres.make_database()
        told = {**os.environ, **environment}
        subprocess.run([sys.executable, "manage.py", "prepare"], cwd=ROOT, env=told, check=True)
        host, _colon, port = place.partition(":")
        serve = f"-m uvicorn console.asgi:application --host {host} --port {port} --lifespan off --log-level warning"
        console = subprocess.Popen([sys.executable, *serve.split(), "--no-access-log"], cwd=ROOT, env=told)
        wait_for(lambda: _answers(place), "the console does not answer")
        yield postgres.url, environment, (console.pid, running[0][1].pid)
    finally:
        if console is not None:
            console.terminate()
            console.wait(20)
        for program, process in reversed(running):
            program.stop(process)
        shutil.rmtree(directory)


def _answers(place: str) -> bool:
    try:
        connection = HTTPConnection(place, timeout=5)
        connection.request("GET", "/account/sign-in")
        return connection.getresponse().status == 200
    except OSError:
        return False


def _start(program: Program, answers: Callable[[], bool]) -> tuple[Program, subprocess.Popen[bytes]]:
    process = program.start(subprocess.DEVNULL)
    wait_for(answers, f"{program.name} does not answer")
    return program, process


if __name__ == "__main__":
    main()
