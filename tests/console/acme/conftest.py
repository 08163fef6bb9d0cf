"""An account at a real authority, and the console that the authority asks, in one thread with the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from time import monotonic

import pytest
from django.test import Client

from console.acme import work
from console.acme.authority import Authority
from console.acme.models import ManagedCertificate
from tests.console.acme.pebble import Pebble, Zone, running
from transport import name_servers
from transport.config.endpoint import Binding


class Console(HTTPServer):
    """What the outside asks of the console by HTTP: the view itself, in the test's transaction."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.timeout = 0.02
        self.asked: list[tuple[str, str, int]] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Asked(BaseHTTPRequestHandler):
    server: Console

    def do_GET(self) -> None:
        host = self.headers["Host"]
        answer = Client().get(self.path, headers={"host": host})
        self.server.asked.append((host, self.path, answer.status_code))
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def zone() -> Iterator[Zone]:
    with Zone() as found:
        yield found


@pytest.fixture(autouse=True)
def _dns(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system asks the zone's server."""
    zone.records.clear()
    zone.hooked = None
    monkeypatch.setattr(name_servers, "_of_the_system", lambda: [Binding("127.0.0.1", zone.port)])


@pytest.fixture(scope="session")
def console() -> Iterator[Console]:
    with Console() as found:
        yield found


@pytest.fixture(scope="session")
def pebble(tmp_path_factory: pytest.TempPathFactory, zone: Zone, console: Console) -> Iterator[Pebble]:
    """It refuses every fifth nonce, and proves each name anew."""
    home: Path = tmp_path_factory.mktemp("pebble")
    with running(home, zone, console.port, PEBBLE_WFE_NONCEREJECT="20", PEBBLE_AUTHZREUSE="0") as found:
        yield found


@pytest.fixture
def order(console: Console, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ManagedCertificate]:
    """`order(row)` lets the worker go on until the order came to an end, of which it returns the row. This authority
    asks for seconds of patience and needs none.
    """
    monkeypatch.setattr(Authority, "waits", 0.1)

    def go_on(
        row: ManagedCertificate, until: Callable[[ManagedCertificate], object] | None = None
    ) -> ManagedCertificate:
        over = until or (lambda now: not now.renew_at or now.problem)
        deadline = monotonic() + 30
        while not over(row):
            assert monotonic() < deadline, row.told
            work.go_on()
            console.handle_request()
            row.refresh_from_db()
        return row

    return go_on
