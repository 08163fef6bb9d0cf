"""What the console's pages take with a million sessions, a million recipients, 100,000 waiting messages, 300 connectors
and 10,000 ranges, on a PostgreSQL of its own: p50 and p95 of 20 loads each, one after the other, what a load costs
console and database, and whether that is within `WANTED`: by the clock, or where the machine is busy by the processor.

`make bench-console`; `make bench-console BENCH="--part 100"` with a hundredth of the rows.
"""

from __future__ import annotations

import argparse
import os
import re
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
from tests.bench import rows
from tests.bench.processor import spent
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
LOADS = 20
WANTED = 100
"""Milliseconds."""
PASSWORD = "a-long-bench-password"

# fmt: off
PAGES = {
    "Nothing but the frame": "/help/",
    "Overview": "/",
    "Overview, 7 days": "/?range=7d",
    "Top bar": "/revision-state",
    "Receive connectors": "/mail-flow/receive-connectors/",
    "Receive connectors, address": "/mail-flow/receive-connectors/?q=10.200.3.4",
    "Connector, 10 ranges": "/mail-flow/receive-connectors/{branch}/scoping/",
    "Connector, 7,010 ranges": "/mail-flow/receive-connectors/{printers}/scoping/",
    "Directory": "/recipients/directory/",
    "Directory, filter": "/recipients/directory/?q=r4081",
    "Directory, all match": "/recipients/directory/?q=contoso",
    "Directory by name": "/recipients/directory/?sort=display_name",
    "Directory, last added": "/recipients/directory/?sort=-created_at",
    "Queues": "/mail-flow/queues/",
    "Queued messages": "/mail-flow/queues/messages/",
    "Queued, word": "/mail-flow/queues/messages/?q=r4081",
    "Queued, all match": "/mail-flow/queues/messages/?q=" + quote("anna@contoso.com"),
    "Queued, none excluded": "/mail-flow/queues/messages/?q=-invoice",
    "Queued by sender": "/mail-flow/queues/messages/?sort=message__sender",
    "Queued, last received": "/mail-flow/queues/messages/?sort=-message__accepted_at",
    "Queued for an hour": "/mail-flow/queues/messages/?older=1",
    "Message tracking": "/trace/messages/",
    "Message tracking, words": "/trace/messages/?q=r4081",
    "Protocol log": "/trace/protocol-log/",
    "Protocol log, refused": "/trace/protocol-log/?outcome=refused",
    "Protocol log, address": "/trace/protocol-log/?q=10.0.0.77",
    "Protocol log, network": "/trace/protocol-log/?q=10.0.3.0/24",
    "Protocol log, words": "/trace/protocol-log/?q=printer77",
    "Refusals": "/trace/refusals/",
    "Refusal, frequent": "/trace/refusals/relay_denied/",
    "Refusal, rare": "/trace/refusals/recipient_blocked/",
    "Search, word": "/search?q=printer77",
    "Search, address": "/search?q=10.0.0.77",
    "Search, recipient": "/search?q=" + quote("r4081@kunde"),
    "Search, all match": "/search?q=example",
    "Search, setting": "/search?q=tarpit",
    "Search, nothing": "/search?q=zebra",
}
# fmt: on


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--part", type=int, default=1, help="use one part of so many of the rows")
    part = parser.parse_args().part
    with _servers() as (database, environment, pids):
        began = monotonic()
        print(f"{rows.fill(database, part)}: made in {monotonic() - began:.0f} s", flush=True)
        print(f"{'':28}{'p50 ms':>8}{'p95 ms':>8}{'console ms':>12}{'database ms':>12}{'KB':>7}")
        browser = _Browser(environment["GATEPOST_CONSOLE"])
        browser.sign_in()
        keys = _connectors(database)
        pages = {name: path.format(**keys) for name, path in PAGES.items()}
        pages |= {path: path for path in browser.features() if path not in pages.values()}
        over = [name for name, path in pages.items() if not _measure(name, browser, path, pids)]
    print(
        f"{len(pages) - len(over)} of {len(pages)} pages take no more than {WANTED} ms of the processor.",
        *over,
        sep="\n  ",
    )


def _measure(name: str, browser: _Browser, path: str, pids: tuple[int, int]) -> bool:
    """Whether a load costs no more than is wanted; prints what it takes."""
    size = max(browser.get(path) for _ in range(3))
    before, took = _spent(pids), []
    for _ in range(LOADS):
        began = monotonic()
        browser.get(path)
        took.append((monotonic() - began) * 1000)
    costs = [(after - earlier) / LOADS * 1000 for earlier, after in zip(before, _spent(pids), strict=True)]
    p95 = sorted(took)[int(LOADS * 0.95) - 1]
    verdict = "ok" if p95 <= WANTED else "slow" if sum(costs) > WANTED else "ok, by the processor"
    figures = f"{median(took):8.0f}{p95:8.0f}{costs[0]:12.0f}{costs[1]:12.0f}{size / 1024:7.0f}"
    print(f"{name[:27]:28}{figures}  {verdict}", flush=True)
    return verdict != "slow"


def _connectors(database: str) -> dict[str, int]:
    """What stands in the addresses of connectors."""
    with psycopg.connect(database) as connection:
        every = connection.execute("SELECT name, id FROM connectors_receiveconnector").fetchall()
    found: dict[str, int] = dict(every)
    return {"branch": found["Branch 7"], "printers": found["Printers"]}


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

    def features(self) -> list[str]:
        """The addresses in the feature pane: no list is forgotten here."""
        self.get("/")
        pane = self.page.partition('id="feature-pane"')[2].partition("</aside>")[0]
        return re.findall(r'<a [^>]*href="(/[^"]*)"', pane)

    def sign_in(self) -> None:
        self.get("/account/sign-in")
        token = self.page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        self.get("/account/sign-in", f"csrfmiddlewaretoken={token}&username=admin&password={PASSWORD}")


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
        make = ["shell", "--no-imports", "-c", "from tests.bench.configuration import make; make()"]
        for command in (["prepare"], make):
            subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=told, check=True)
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
