"""A process that delivers, during an upgrade and wherever it was started."""

import queue
from contextlib import ExitStack
from typing import Any

import django.db
import psycopg
import pytest

from tests import conftest
from transport.deliver import rounds, worker
from transport.deliver.database import pool
from transport.deliver.pacing import Budget
from transport.deliver.slots import Slots
from transport.deliver.worker import LOCKS, Worker
from transport.send.pacing import Quota, Window
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


def test_mail_of_a_node_with_workers_is_left_to_them_unless_only_one_node_can_deliver_it(living, database_url):
    """Two that reach for the same mail get half of it each, at twice the price."""
    woken: queue.SimpleQueue[tuple[DeliveryType, str]] = queue.SimpleQueue()
    living.wake, living.is_asked = lambda kind, hop: woken.put((kind, hop)), lambda: True
    looked: queue.SimpleQueue[None] = queue.SimpleQueue()
    living.look = lambda connection: looked.put(None)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO queues_worker (number, name, home) VALUES (1, 'mx2:1', 'theirs')")
        try:
            assert living.ready()
            for _ in range(2):
                looked.get(timeout=20)
            for words in (
                "DnsConnectorDelivery@theirs left",
                "SmtpDeliveryToMailbox@theirs mailbox",
                "DnsConnectorDelivery@gone a",
                "DnsConnectorDelivery b",
            ):
                connection.execute("SELECT pg_notify('gatepost_queue', %s)", [words])
            assert [woken.get(timeout=20)[1] for _ in range(3)] == ["mailbox", "a", "b"]
        finally:
            connection.execute("DELETE FROM queues_worker WHERE number = 1")


def test_each_next_hop_has_one_of_several_workers_of_a_node_that_begins_with_it(living, database_url):
    """Else all of them wake for every message, and get a part of it each, at a higher price."""
    second, other, woken = Worker(), Worker(), queue.SimpleQueue()
    hops = [f"domain:Internet:{number}.test" for number in range(40)]
    living.kind, second.kind, other.kind = "outbound", "outbound", "worker"
    try:
        for each in (living, second):
            each.wake, each.is_asked = lambda kind, hop, each=each: woken.put((hop, each)), lambda: True
        assert living.ready() and second.ready() and other.ready()
        conftest.wait_for(
            lambda: all(living.is_first(hop) != second.is_first(hop) for hop in hops), "they do not know of each other"
        )
        assert all(map(other.is_first, hops))
        with psycopg.connect(database_url, autocommit=True) as connection:
            for hop in hops:
                connection.execute("SELECT pg_notify('gatepost_queue', %s)", [f"DnsConnectorDelivery {hop}"])
        told = [woken.get(timeout=20) for _ in hops]
        assert sorted(hop for hop, _ in told) == sorted(hops) and {each for _, each in told} == {living, second}
    finally:
        worker.SLOTS.stop()
        for each in (second, other):
            each._thread.join()


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


@pytest.fixture
def away(transactional_db, query):
    """Lets nobody but the test itself reach PostgreSQL, until it is called with False. Meanwhile nobody waits long for
    it; afterwards a pool that has tried in vain may, and no other test inherits it.
    """
    usual = pool().timeout
    spared = query("SELECT pg_backend_pid()")[0][0], django.db.connection.cursor().connection.info.backend_pid

    def away(is_away: bool = True) -> None:
        allowed = "UPDATE pg_database SET datallowconn = %s WHERE datname = current_database() RETURNING 1"
        query(allowed, not is_away)
        pool().timeout = 0.3 if is_away else usual
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> ALL(%s)"
        if is_away:
            query(f"SELECT pg_terminate_backend(pid) {others}", list(spared))
            conftest.wait_for(lambda: query(f"SELECT count(*) {others}", list(spared)) == [(0,)], "somebody stays")

    yield away
    away(False)
    pool().close()
    pool.cache_clear()


def test_mail_in_hand_when_postgresql_goes_is_not_kept_by_a_worker_that_lives_on(
    away, living, queued, configure, sink, query, deliver
):
    configure()
    queued("bob@far.test", "bea@far.test")
    assert living.ready()

    def goes(line, n):
        if line.startswith("MAIL"):
            away()
            return "drop"
        return None

    sink.behave = goes
    with pytest.raises(psycopg.OperationalError):
        rounds.deliver("smarthost:Out", living.number)
    assert query("SELECT count(*) FROM queues_recipient WHERE claimed_by = %s", living.number) == [(2,)]
    away(False)
    conftest.wait_for(
        lambda: query("SELECT count(*) FROM queues_recipient WHERE claimed_by IS NOT NULL") == [(0,)], "it is kept"
    )
    sink.behave = lambda line, n: None
    rounds.deliver("smarthost:Out", living.number)
    assert len(sink.arrived) == 2


def test_mail_leaves_at_once_when_postgresql_is_back_after_long(away):
    """Who waits twice as long after each attempt in vain would wait for minutes after an outage of minutes."""
    with pool().connection():
        away()
    with pytest.raises(psycopg.OperationalError), pool().connection():
        pytest.fail("PostgreSQL is away")
    conftest.wait_for(lambda: pool().get_stats()["connections_errors"] > 4, "the pool does not begin anew")
    away(False)
    with pool().connection(timeout=4) as connection:
        connection.execute("SELECT 1")


def test_nobody_waits_for_the_connections_that_a_restart_has_broken(away):
    with ExitStack() as held:
        for _ in range(8):
            held.enter_context(pool().connection())
    away()
    away(False)
    with pool().connection(timeout=2) as connection:
        connection.execute("SELECT 1")


def test_what_an_account_did_not_send_when_postgresql_went_is_granted_again(away, living, query, closed_pool):
    """Its worker lives on, so that nobody else counts it as over."""
    assert living.ready()
    budget = Budget(pool(), living.number, Quota("First", None, (Window(60, 10),)))

    def sends_one() -> None:
        with budget.granted(10) as grant:
            grant.count(1, 1)
            away()

    with pytest.raises(psycopg.OperationalError):
        sends_one()
    away(False)
    conftest.wait_for(lambda: query("SELECT messages FROM queues_grant") == [(1,)], "it is lost")
    with budget.granted(10) as grant:
        assert grant.most == 9
