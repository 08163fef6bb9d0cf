"""A process that delivers, during an upgrade and wherever it was started."""

import queue
from typing import Any

import psycopg
import pytest

from transport.deliver import worker
from transport.deliver.slots import Slots
from transport.deliver.worker import LOCKS, Worker
from transport.send.route import DeliveryType

HOLDER = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s AND granted"


@pytest.fixture
def living(db, closed_pool, monkeypatch):
    """A worker that is not ready yet."""
    slots = Slots()
    monkeypatch.setattr(worker, "SLOTS", slots)
    made = Worker()
    yield made
    slots.stop()
    assert made._thread is not None
    made._thread.join()


def test_a_forwarder_of_the_former_version_takes_no_worker_its_claims(living, database_url):
    """It names a next hop without its kind. Who drops its lock over that is taken for dead, and its mail sent twice."""
    woken: queue.SimpleQueue[tuple[DeliveryType, str]] = queue.SimpleQueue()
    living.wake = lambda kind, hop: woken.put((kind, hop))
    assert living.ready()
    with psycopg.connect(database_url, autocommit=True) as connection:
        holder = connection.execute(HOLDER, [LOCKS, living.number]).fetchall()
        for words in ("mailbox", "domain:To Internet:far.test", "", "SmtpDeliveryToMailbox mailbox"):
            connection.execute("SELECT pg_notify('gatepost_queue', %s)", [words])
        assert woken.get(timeout=20) == (DeliveryType.MAILBOX, "mailbox")
        assert connection.execute(HOLDER, [LOCKS, living.number]).fetchall() == holder != []


def test_an_error_of_ours_in_a_look_at_the_queue_takes_no_worker_its_claims(living, database_url):
    """Whatever is raised, of PostgreSQL too: who goes on keeps its lock, and what it has begun is not sent twice."""
    errors = iter([ValueError("ours"), None])
    looked: queue.SimpleQueue[None] = queue.SimpleQueue()

    def look(connection: psycopg.Connection[Any]) -> None:
        if error := next(errors, None):
            raise error
        looked.put(None)
        connection.execute("SELECT 1/0")

    living.look, living.is_asked = look, lambda: True
    assert living.ready()
    with psycopg.connect(database_url, autocommit=True) as connection:
        holder = connection.execute(HOLDER, [LOCKS, living.number]).fetchall()
        for _ in range(3):
            looked.get(timeout=20)
        assert connection.execute(HOLDER, [LOCKS, living.number]).fetchall() == holder != []


def test_mail_is_where_the_console_shows_it_wherever_its_worker_was_started(
    transactional_db, queued, configure, deliver, home, tmp_path, monkeypatch
):
    """Without GATEPOST_HOME the data directory stands beside manage.py, not where somebody happens to be."""
    monkeypatch.delenv("GATEPOST_HOME")
    monkeypatch.chdir(tmp_path)
    configure()
    queued("ann@x.test")
    deliver("mailbox")
    assert len(list((home / "mailboxes" / "x.test" / "ann" / "new").iterdir())) == 1
