"""A Send connector's own times: when senders hear of a delay, and when mail comes back."""

import time
from datetime import timedelta

import pytest

from console.queues import queries
from transport.config.address_space import AddressSpace
from transport.config.send_connector import SendConnector
from transport.deliver import notices, routing

pytestmark = pytest.mark.django_db(transaction=True)
HOUR, DAY = 3600, 86400
NOTICE = (
    "SELECT round(extract(epoch FROM notice_at - accepted_at))::int FROM queues_recipient r "
    "JOIN queues_message m ON m.id = r.message_id WHERE address = 'bob@far.test'"
)
SUBJECTS = "SELECT split_part(subject, ':', 1) FROM queues_message WHERE origin = 'generated' ORDER BY accepted_at"


@pytest.fixture
def waiting(journal, forward, closed_pool):
    """A message that was accepted so many seconds ago."""

    def waiting(ago=0):
        journal.accept("bob@far.test", accepted_at=time.time() - ago)
        forward()

    return waiting


def told():
    while notices.send_due():
        pass


def test_mail_over_a_slow_link_waits_longer_than_the_organization_lets_it(waiting, configure, query):
    configure(delay_notification_timeout=12 * HOUR, message_expiration_timeout=5 * DAY)
    waiting(3 * DAY)
    assert query(NOTICE) == [(12 * HOUR,)]
    told()
    assert query(SUBJECTS) == [("Delayed",)] and query(NOTICE) == [(5 * DAY,)]
    told()
    assert query("SELECT status FROM queues_recipient WHERE address = 'bob@far.test'") == [("ready",)]
    query("UPDATE queues_message SET accepted_at = accepted_at - interval '2 days' RETURNING 1")
    query("UPDATE queues_recipient SET notice_at = notice_at - interval '2 days' RETURNING 1")
    told()
    assert query("SELECT status FROM queues_recipient WHERE address = 'bob@far.test'") == [("failed",)]
    assert query(SUBJECTS) == [("Delayed",), ("Undeliverable",)]


def test_what_expires_before_the_delay_is_told_comes_back_without_it(waiting, configure, query):
    configure(message_expiration_timeout=600)
    waiting(601)
    told()
    assert query(SUBJECTS) == [("Undeliverable",)]


def test_changed_times_count_for_what_waits_already(waiting, configure, query):
    configure()
    waiting()
    assert query(NOTICE) == [(4 * HOUR,)]
    configure(delay_notification_timeout=HOUR, message_expiration_timeout=DAY)
    routing.reroute()
    assert query(NOTICE) == [(HOUR,)]
    assert query("SELECT delayed_after, expires_after FROM queues_nexthop WHERE connector <> ''") == [(HOUR, DAY)]
    configure()
    routing.reroute()
    assert query(NOTICE) == [(4 * HOUR,)]


def test_a_sender_who_heard_of_the_delay_hears_next_of_the_end(waiting, configure, query):
    configure()
    waiting(5 * HOUR)
    told()
    configure(connectors=(_other(message_expiration_timeout=3 * DAY, delay_notification_timeout=12 * HOUR),))
    routing.reroute()
    assert query(NOTICE) == [(3 * DAY,)]
    told()
    assert query(SUBJECTS) == [("Delayed",)]
    configure(connectors=(_other(message_expiration_timeout=4 * HOUR),))
    routing.reroute()
    told()
    assert query(SUBJECTS) == [("Delayed",), ("Undeliverable",)]


def _other(**changes):
    hosts = {"dns_routing_enabled": False, "smart_hosts": ("[127.0.0.1]",)}
    return SendConnector(name="Other", address_spaces=(AddressSpace("*"),), **hosts, **changes)


def test_a_report_waits_as_long_as_its_connector_says(configure, queued, deliver, query, sink):
    configure(delay_notification_timeout=HOUR)
    sink.behave = lambda line, n: "550 5.1.1 Unknown" if line.startswith("RCPT") else None
    queued("bob@far.test", sender="ann@away.test")
    deliver()
    assert query(NOTICE.replace("bob@far.test", "ann@away.test")) == [(HOUR,)]


def test_pages_say_when_it_comes_back(waiting, configure, query):
    configure(message_expiration_timeout=5 * DAY)
    waiting()
    ((identity, accepted),) = query("SELECT id, accepted_at FROM queues_message")
    assert queries.message(identity).expires == accepted + timedelta(days=5)
