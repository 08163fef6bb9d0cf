"""What an administrator does with the queue."""

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command

from console.actors import SYSTEM, Actor, Role
from console.audit.models import Entry
from console.processes.address import free_port
from console.queues import actions, queries
from console.queues.models import NextHop, QueuedRecipient
from tests.deliver.conftest import HEADER, closed_pool, configure, deliver, forward, journal, query, sink
from transport.deliver import retention

pytestmark = pytest.mark.django_db(transaction=True)
HOP = "smarthost:Out"
__all__ = ["closed_pool", "configure", "deliver", "forward", "journal", "query", "sink"]


@pytest.fixture
def dead(journal, forward, deliver, configure):
    """Three messages to a next hop that nobody answers at."""
    configure(port=free_port())
    for number in range(3):
        journal.accept(f"u{number}@far.test", content=HEADER + b"body\r\n")
    forward()
    deliver()
    return configure


def ids():
    return list(QueuedRecipient.objects.filter(next_hop=HOP).order_by("id").values_list("pk", flat=True))


def test_a_queue_shows_what_waits_and_why(dead):
    (queue,) = queries.counted(queries.next_hops())
    assert (queue.key, queue.messages, queue.recipients, queue.status) == (HOP, 3, 3, "Retry")
    assert queue.last_error.startswith("451 4.4.0")
    assert queue.next_retry_at == queue.retry_at


def test_retry_now_delivers_now(dead, deliver, sink):
    dead()
    deliver()
    assert not sink.arrived
    assert actions.retry(SYSTEM, HOP) == 3
    deliver()
    assert len(sink.arrived) == 3
    assert Entry.objects.get().verb == "retried"


def test_a_suspended_queue_waits_until_it_is_resumed(dead, deliver, sink):
    dead()
    actions.retry(SYSTEM, HOP)
    actions.suspend(SYSTEM, HOP)
    deliver()
    assert not sink.arrived
    assert queries.next_hop(HOP).status == "Suspended"
    actions.resume(SYSTEM, HOP)
    deliver()
    assert len(sink.arrived) == 3


def test_a_suspended_message_waits_alone(dead, deliver, sink):
    dead()
    assert actions.suspend_recipients(SYSTEM, ids()[:1]) == 1
    actions.retry(SYSTEM, HOP)
    deliver()
    assert len(sink.arrived) == 2
    assert actions.resume_recipients(SYSTEM, ids()[:1]) == 1
    deliver()
    assert len(sink.arrived) == 3


def test_removal_tells_the_sender_only_if_wished(dead, query):
    first, second, third = ids()
    assert actions.remove_recipients(SYSTEM, [first, second]) == 2
    assert query("SELECT count(*) FROM queues_message WHERE origin = 'generated'") == [(2,)]
    assert actions.remove_recipients(SYSTEM, [third], with_ndr=False) == 1
    assert query("SELECT count(*) FROM queues_message WHERE origin = 'generated'") == [(2,)]
    assert set(QueuedRecipient.objects.filter(pk__in=[first, second, third]).values_list("status", flat=True)) == {
        "removed"
    }
    assert query("SELECT count(*) FROM queues_content c JOIN queues_message m ON m.id = c.message_id "
                 "WHERE origin = 'received'") == [(0,)]  # fmt: skip
    assert queries.ledger().balances


def test_what_is_being_delivered_is_not_removed(dead):
    QueuedRecipient.objects.filter(pk=ids()[0]).update(claimed_by=1)
    assert actions.remove_recipients(SYSTEM, ids(), with_ndr=False) == 2


def test_export_gives_the_message_and_is_recorded(dead):
    message = QueuedRecipient.objects.first().message_id
    assert b"".join(actions.export(SYSTEM, message)) == HEADER + b"body\r\n"
    assert Entry.objects.get().verb == "exported"


def test_who_only_looks_changes_nothing(dead):
    reader = Actor("reader", frozenset({Role.VIEW_ONLY}))
    for action in (actions.retry, actions.suspend, actions.resume):
        with pytest.raises(PermissionDenied):
            action(reader, HOP)
    for action in (actions.remove_recipients, actions.suspend_recipients, actions.retry_recipients):
        with pytest.raises(PermissionDenied):
            action(reader, ids())
    assert not Entry.objects.exists()


def test_the_ledger_command_says_when_something_is_missing(dead, capsys):
    call_command("ledger")
    said = capsys.readouterr().out
    assert "The books balance." in said and "No forwarder has told" in said
    QueuedRecipient.objects.first().delete()
    with pytest.raises(CommandError, match="1 recipients are missing"):
        call_command("ledger")


def test_retention_forgets_messages_but_not_the_sums(dead, query):
    actions.remove_recipients(SYSTEM, ids(), with_ndr=False)
    assert retention.forget_finished(days=0) == 3
    assert query("SELECT count(*) FROM queues_message") == [(0,)]
    ledger = queries.ledger()
    assert (ledger.accepted, ledger.removed, ledger.difference) == (3, 3, 0)
    retention.forget_idle_hops()
    assert not NextHop.objects.exists()
