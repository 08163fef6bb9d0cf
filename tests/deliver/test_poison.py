"""What makes delivery stumble is set aside, and everything else goes on."""

import os
import signal
from functools import partial

import psycopg
import pytest

from console.actors import SYSTEM
from console.queues import actions, queries
from console.queues.models import QueuedRecipient
from tests import conftest
from tests.deliver.conftest import HEADER
from tests.deliver.test_kill import WORKER, beat
from transport.deliver import claims, keeping, mailboxes, worker
from transport.send.route import POISON

wait_for = partial(conftest.wait_for, seconds=90)
pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["beat"]
BAD = b"this one kills\r\n"
ASIDE = "SELECT count(*) FROM queues_recipient WHERE next_hop = 'poison' AND status = 'suspended'"


@pytest.fixture
def stumbling(monkeypatch):
    """Mailboxes stumble over a message that says so, like a bug of ours would."""
    write = mailboxes.Mailboxes._with_return_path

    def stumble(self, parcel):
        for piece in write(self, parcel):
            if BAD in piece:
                raise ZeroDivisionError("a bug")
            yield piece

    monkeypatch.setattr(mailboxes.Mailboxes, "_with_return_path", stumble)


def test_a_message_that_delivery_stumbles_over_is_set_aside_after_three_attempts(
    journal, forward, deliver, configure, query, stumbling, monkeypatch
):
    configure()
    journal.accept("ann@x.test", content=HEADER + BAD)
    journal.accept("ann@x.test", content=HEADER + b"good\r\n")
    forward()
    for attempt in range(keeping.TIMES):
        assert query(ASIDE) == [(0,)], attempt
        deliver("mailbox")
        QueuedRecipient.objects.filter(status="ready").update(due_at="2020-01-01T00:00Z")
    assert query(ASIDE) == [(1,)]
    assert query("SELECT count(*) FROM queues_recipient WHERE status = 'delivered'") == [(1,)]
    poison = queries.next_hop(POISON.key)
    assert (poison.messages, poison.status, "ZeroDivisionError" in poison.last_error) == (1, "Suspended", True)
    monkeypatch.undo()
    actions.resume(SYSTEM, POISON.key)
    monkeypatch.setenv("GATEPOST_NODE", "gw.test")
    assert queries.next_hop("mailbox").recipients == 1
    assert [queue.key for queue in queries.next_hops(with_empty=True) if queue.is_poison] == []


def test_what_killed_three_workers_is_set_aside_and_an_innocent_one_is_not(queued, configure, query, database_url):
    """Who was delivered beside it comes alone afterwards, so that only the guilty one is there each time."""
    configure()
    queued("bad@far.test", "good@far.test")
    killed = []
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE queues_recipient SET due_at = now() - interval '1 hour'")
        state = claims.hop_state(connection, "smarthost:Out")
        for number in range(1, keeping.TIMES + 2):
            connection.execute("INSERT INTO queues_worker (number, name) VALUES (%s, '')", [number])
            parcels = claims.claim(connection, state, number, 100)
            addresses = [address for parcel in parcels for address in parcel.recipients.values()]
            killed.append(addresses)
            if addresses == ["good@far.test"]:  # it leaves
                connection.execute("UPDATE queues_recipient SET status = 'delivered', claimed_by = NULL "
                                   "WHERE address = 'good@far.test'")  # fmt: skip
            _bury(connection, number)
    assert killed[0] == ["bad@far.test", "good@far.test"]
    assert all(len(addresses) <= 1 for addresses in killed[1:])
    assert query("SELECT address FROM queues_recipient WHERE next_hop = 'poison'") == [("bad@far.test",)]


def test_what_was_cut_short_goes_before_mail_that_came_later(queued, configure, query, database_url):
    configure()
    queued("old@far.test")
    with psycopg.connect(database_url, autocommit=True) as connection:
        state = claims.hop_state(connection, "smarthost:Out")
        claims.claim(connection, state, 1, 100)
        _bury(connection, 1)
        queued("new@far.test", "newer@far.test")
        claimed = [
            [address for parcel in claims.claim(connection, state, 2, 100) for address in parcel.recipients.values()]
            for _ in range(2)
        ]
    assert claimed == [["old@far.test"], ["new@far.test", "newer@far.test"]]


def _bury(connection, number):
    with connection.transaction():
        connection.execute(worker.QUERIES["release_claims_of"], [[number]])
        keeping.set_aside(connection, worker.DIED)


def test_an_attempt_that_ends_with_a_word_clears_the_suspicion(queued, deliver, configure, query, sink):
    configure()
    queued("bob@far.test")
    QueuedRecipient.objects.update(cut_short=2)
    sink.behave = lambda line, n: "451 4.2.0 later" if line.startswith("RCPT") else None
    deliver()
    assert query("SELECT cut_short, status FROM queues_recipient") == [(0, "ready")]


def test_a_worker_in_a_crash_loop_gets_rid_of_what_kills_it(
    journal, forward, configure, sink, process, beat, query, home
):
    """The next hop kills the worker that sends it a certain message: what a bug would do, from outside."""
    configure()
    workers = []

    def behave(line, number):
        if line.startswith("RCPT TO:<bad@") and workers:
            os.kill(workers[-1].pid, signal.SIGKILL)
            return "drop"
        return None

    sink.behave = behave
    for number in range(40):
        journal.accept(f"u{number}@far.test", content=HEADER + b"number %d\r\n" % number)
    journal.accept("bad@far.test", content=HEADER + BAD)
    forward()
    beat()
    for _ in range(keeping.TIMES + 1):
        workers.append(process(*WORKER))
        wait_for(lambda: workers[-1].poll() is not None or query(ASIDE) == [(1,)], "nobody dies, nothing is set aside")
        if query(ASIDE) == [(1,)]:
            break
    wait_for(lambda: query(ASIDE) == [(1,)], "nothing is set aside")
    wait_for(lambda: query("SELECT count(*) FROM queues_recipient WHERE status = 'ready'") == [(0,)], "mail waits")
    assert query("SELECT address FROM queues_recipient WHERE next_hop = 'poison'") == [("bad@far.test",)]
    assert query("SELECT count(*) FROM queues_recipient WHERE status = 'delivered'") == [(40,)]
