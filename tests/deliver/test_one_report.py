"""A sender hears once of a message, whatever the number of next hops that refused it."""

import threading

import pytest

from transport.config.address_space import AddressSpace
from transport.config.send_connector import SendConnector
from transport.deliver import notices
from transport.deliver.database import pool

pytestmark = pytest.mark.django_db(transaction=True)
DOMAINS = ("one.test", "two.test", "three.test")
REPORTS = """
SELECT (SELECT string_agg(convert_from(chunk, 'UTF8'), '' ORDER BY number) FROM queues_content WHERE message_id = m.id)
FROM queues_message m WHERE origin = 'generated' ORDER BY accepted_at
"""


@pytest.fixture
def message(configure, journal, forward, sink):
    """To somebody in each domain, each behind a Send connector of its own, where nobody is known."""
    configure(
        connectors=tuple(
            SendConnector(
                name=name, address_spaces=(AddressSpace(name),), dns_routing_enabled=False,
                smart_hosts=("[127.0.0.1]",), port=sink.port,
            )
            for name in DOMAINS
        )
    )  # fmt: skip
    sink.behave = lambda line, n: "550 5.1.1 unknown" if "bob@" in line else None
    journal.accept(*(f"bob@{name}" for name in DOMAINS))
    forward()


def told(query):
    return [[name for name in DOMAINS if f"Final-Recipient: rfc822;bob@{name}" in text] for (text,) in query(REPORTS)]


def test_of_three_that_failed_one_report_tells(message, deliver, query):
    for name in DOMAINS:
        deliver(f"smarthost:{name}")
        assert notices.send_put_off() == 0
    assert told(query) == [list(DOMAINS)]
    assert "body" in query(REPORTS)[0][0], "the original comes back, though nobody waits for it any more"
    assert query("SELECT count(*) FROM queues_content c JOIN queues_message m ON m.id = c.message_id "
                 "WHERE m.origin = 'received'") == [(0,)]  # fmt: skip


def test_who_is_delivered_last_releases_the_report(message, deliver, query, sink):
    deliver("smarthost:one.test")
    deliver("smarthost:two.test")
    assert told(query) == []
    sink.behave = lambda line, n: None
    deliver("smarthost:three.test")
    assert notices.send_put_off() == 1
    assert told(query) == [["one.test", "two.test"]]
    assert query("SELECT count(*) FROM queues_content c JOIN queues_message m ON m.id = c.message_id "
                 "WHERE m.origin = 'received'") == [(0,)]  # fmt: skip


def test_a_dead_next_hop_holds_the_report_up_for_half_a_minute_only(message, deliver, query):
    deliver("smarthost:one.test")
    deliver("smarthost:two.test")
    assert notices.send_put_off() == 0
    query("UPDATE queues_pendingreport SET due_at = now() RETURNING id")
    assert notices.send_put_off() == 1
    assert told(query) == [["one.test", "two.test"]]
    deliver("smarthost:three.test")
    assert told(query) == [["one.test", "two.test"], ["three.test"]]


def test_who_writes_down_at_once_what_became_of_the_same_messages_waits_and_goes_on(
    message, journal, forward, sink, deliver, query, caplog
):
    """Each of the two refuses half of the messages, and takes the others: then each needs what the other one has."""
    one, two = DOMAINS[:2]
    for number in range(40):
        refused, taken = (one, two) if number % 2 else (two, one)
        journal.accept(f"bob@{refused}", f"ann@{taken}")
    forward()
    pool()
    threads = [threading.Thread(target=deliver, args=(f"smarthost:{name}",)) for name in (one, two)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert "deadlock" not in caplog.text
    notices.send_put_off()
    assert len(told(query)) == 40, "a report of each"
