"""What is done by the clock: one report for a message, waits that end, logs that stay small, workers that are gone."""

import logging

import pytest

from transport.config.transport_limits import TransportLimits
from transport.deliver import notices, unreached
from transport.deliver.unreached import Unreached

pytestmark = pytest.mark.django_db(transaction=True)


def expire(query) -> None:
    query("UPDATE queues_message SET expires_at = now() - interval '1 s' RETURNING id")
    query("UPDATE queues_recipient SET notice_at = now() - interval '1 s' RETURNING id")


def test_messages_that_expire_make_one_report_each_however_many_recipients_they_have(
    closed_pool, journal, forward, configure, query, monkeypatch
):
    """100,000 recipients of 500 messages made 2.4 reports per message: batches were cut within messages."""
    monkeypatch.setattr(notices, "BATCH", 50)
    configure()
    for number in range(10):
        journal.accept(*(f"u{n}@far{number}.test" for n in range(37)))
    forward()
    expire(query)
    while notices.send_due():
        pass
    assert query("SELECT count(*) FROM queues_recipient WHERE status = 'failed'") == [(370,)]
    assert query("SELECT count(*) FROM queues_message WHERE origin = 'generated'") == [(10,)]


def test_a_message_that_is_delivered_at_the_moment_keeps_its_recipient(closed_pool, journal, forward, configure, query):
    configure()
    journal.accept("one@far.test", "two@far.test")
    forward()
    query("UPDATE queues_recipient SET claimed_by = 7 WHERE address = 'two@far.test' RETURNING id")
    expire(query)
    assert notices.send_due() == 1
    assert query("SELECT address FROM queues_recipient WHERE status = 'failed'") == [("one@far.test",)]


def test_after_the_clock_was_set_back_nothing_waits_longer_than_the_longest_interval(
    closed_pool, journal, forward, configure, query
):
    configure(limits=TransportLimits(message_retry_interval=900, outbound_connection_failure_retry_interval=600))
    journal.accept("later@far.test", "soon@far.test")
    forward()
    query("UPDATE queues_nexthop SET retry_at = now() + interval '2 hours' RETURNING key")
    query("UPDATE queues_recipient SET due_at = now() + interval '2 hours' WHERE address ~ '^later' RETURNING id")
    query("UPDATE queues_recipient SET due_at = now() + interval '14 minutes' WHERE address ~ '^soon' RETURNING id")
    notices.LONGEST_WAIT.forget()
    assert notices.shorten_waits() == 2
    assert query("SELECT address FROM queues_recipient WHERE due_at > now()") == [("soon@far.test",)]
    assert query("SELECT count(*) FROM queues_nexthop WHERE retry_at > now()") == [(0,)]
    assert notices.shorten_waits() == 0
    query("UPDATE queues_nexthop SET retry_at = now() + interval '2 hours' RETURNING key")
    assert notices.shorten_waits() == 0, "nothing says that there is something to find"
    configure(limits=TransportLimits(message_retry_interval=60, outbound_connection_failure_retry_interval=60))
    assert notices.shorten_waits() == 2, "an administrator wants shorter waits"


def test_what_may_wait_too_long_is_looked_for_when_a_clock_is_set_back_and_now_and_then():
    longest = notices.LongestWait()
    assert longest.is_news(900, 1000.0, 10.0), "nobody knows what was before"
    assert not longest.is_news(900, 1060.0, 70.0)
    assert not longest.is_news(3600, 1118.0, 130.0), "a clock may be a little late"
    assert longest.is_news(3600, 1113.0, 131.0), "it was set back"
    assert not longest.is_news(3600, 1114.0, 132.0)
    assert longest.is_news(900, 1115.0, 133.0), "the settings allow less"
    assert not longest.is_news(900, 9000.0, 134.0), "it was set on"
    assert longest.is_news(900, 8900.0, 135.0)
    assert longest.is_news(900, 8900.0 + notices.LOOK_ANYHOW + 1, 136.0 + notices.LOOK_ANYHOW), "anyhow"


def test_thousands_of_dead_next_hops_make_one_line_a_minute(caplog, monkeypatch):
    caplog.set_level(logging.INFO)
    now = 1000.0
    monkeypatch.setattr(unreached, "monotonic", lambda: now)
    told = Unreached()
    for second in range(180):
        now = 1000.0 + second
        for number in range(100):
            told.add(f"domain:Internet:d{number}.test", f"441 4.4.1 d{number}.test: Connection refused" + "x" * 5000)
        told.tell()
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 3
    assert all(len(line) < 3000 for line in lines)
    assert lines[1].startswith("next hops that could not be reached: 100 (6000 attempts): domain:Internet:d0.test: 441")
    assert lines[1].endswith("; and 95 more")


def test_nothing_is_said_when_every_next_hop_is_reached(caplog):
    Unreached().tell()
    assert not caplog.records
