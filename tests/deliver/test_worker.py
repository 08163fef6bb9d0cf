"""A process that delivers, during an upgrade and wherever it was started."""

import queue

import psycopg

from transport.deliver import worker
from transport.deliver.slots import Slots
from transport.deliver.worker import LOCKS, Worker
from transport.send.route import DeliveryType

HOLDER = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s AND granted"


def test_a_forwarder_of_the_former_version_takes_no_worker_its_claims(db, closed_pool, database_url, monkeypatch):
    """It names a next hop without its kind. Who drops its lock over that is taken for dead, and its mail sent twice."""
    slots = Slots()
    woken: queue.SimpleQueue[tuple[DeliveryType, str]] = queue.SimpleQueue()
    monkeypatch.setattr(worker, "SLOTS", slots)
    living = Worker()
    living.wake = lambda kind, hop: woken.put((kind, hop))
    assert living.ready()
    with psycopg.connect(database_url, autocommit=True) as connection:
        holder = connection.execute(HOLDER, [LOCKS, living.number]).fetchall()
        for words in ("mailbox", "domain:To Internet:far.test", "", "SmtpDeliveryToMailbox mailbox"):
            connection.execute("SELECT pg_notify('gatepost_queue', %s)", [words])
        assert woken.get(timeout=20) == (DeliveryType.MAILBOX, "mailbox")
        assert connection.execute(HOLDER, [LOCKS, living.number]).fetchall() == holder != []
    slots.stop()
    assert living._thread is not None
    living._thread.join()


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
