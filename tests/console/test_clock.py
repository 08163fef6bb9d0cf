"""A console on a node whose clock is a minute wrong: it goes by PostgreSQL's, as all nodes do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from console import clock
from console.connectors import actions
from console.publishing import queries
from console.publishing.restore import restore
from tests.architecture.test_doors import ROOT
from tests.console.builders import ADMIN, receive_connector
from transport.config.receive_connector import ReceiveConnector
from transport.queries import SHARED

WRONG = [timedelta(seconds=61), timedelta(seconds=-61)]


@pytest.fixture(params=WRONG, ids=["ahead", "behind"])
def wrong(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    right = timezone.now
    connection.ensure_connection()
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: right() + request.param)
        clock.look(connection.connection)
        yield
    clock.look(connection.connection)


@pytest.mark.django_db
def test_a_trial_of_a_minute_lasts_a_minute(wrong: None) -> None:
    row = actions.create(ADMIN, receive_connector("Printers"))
    actions.remove(ADMIN, ReceiveConnector, row.pk)
    restore(ADMIN, 1, set(), minutes=1)
    trial = queries.trial()
    assert trial is not None and not trial.is_over
    with connection.cursor() as cursor:
        cursor.execute(SHARED["revision_in_force"].decode())
        _, former, seconds = cursor.fetchone()
    assert former == 2
    assert 30 < seconds < 90


@pytest.mark.django_db
def test_a_clock_that_is_right_is_taken_as_it_is() -> None:
    clock.look(connection.connection)
    assert abs(clock.now() - timezone.now()) < timedelta(milliseconds=100)


@pytest.mark.django_db
def test_work_that_waited_through_an_outage_does_not_wait_for_postgresql_task_by_task(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    accepted: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as closing:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    closing.accept()[0].close()
                    accepted.append(1)

        threading.Thread(target=serve, daemon=True).start()
        away = connection.copy()
        away.settings_dict |= {"HOST": "127.0.0.1", "PORT": str(closing.getsockname()[1])}
        monkeypatch.setattr(clock, "connection", away)
        monkeypatch.setattr(clock, "_looked_at", -clock.LOOK_EVERY)
        for _ in range(100):
            clock.look_anew()
        closing.shutdown(socket.SHUT_RDWR)
    assert 1 <= len(accepted) <= 2  # with TLS, and without


def test_nobody_in_the_console_asks_its_own_machine_what_time_it_is() -> None:
    asking = [path for path in (ROOT / "console").rglob("*.py") if "timezone.now" in path.read_text()]
    assert [path.relative_to(ROOT).as_posix() for path in asking if "migrations" not in path.parts] == [
        "console/clock.py"
    ]
