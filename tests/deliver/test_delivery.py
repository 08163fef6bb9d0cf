"""From the queue to the next hop: what is sent, and what becomes of each recipient."""

import time
from email.utils import parsedate_to_datetime
from threading import Thread

import pytest

from console.processes.address import free_port
from tests.conftest import wait_for
from tests.deliver.conftest import HEADER
from transport.config.transport_config import TransportConfig
from transport.config.transport_limits import TransportLimits
from transport.deliver import mailboxes, maildir, notices, rounds, routing, slots, smtp_client
from transport.send.route import DeliveryType

pytestmark = pytest.mark.django_db(transaction=True)
DELIVERED = "SELECT count(*) FROM queues_recipient WHERE status = 'delivered'"
STATUS = "SELECT address, status, attempts, last_error FROM queues_recipient WHERE address LIKE '%far.test' ORDER BY id"


def test_it_arrives_as_it_was_accepted_and_its_content_is_forgotten(sent, sink, query):
    content = HEADER + b".dot\r\n..\r\nbody\r\n"
    sent("bob@far.test", "eve@far.test", content=content)
    (arrived,) = sink.arrived
    assert (arrived.sender, arrived.recipients) == ("ann@x.test", ["bob@far.test", "eve@far.test"])
    assert arrived.content == content
    assert [row[1:3] for row in query(STATUS)] == [("delivered", 1)] * 2
    assert query("SELECT count(*) FROM queues_content") == [(0,)]
    assert query("SELECT DISTINCT remote_host FROM queues_recipient") == [("[127.0.0.1]",)]


def test_many_messages_take_few_connections(journal, forward, deliver, configure, sink):
    configure(max_messages_per_connection=50)
    for number in range(120):
        journal.accept(f"u{number}@far.test")
    forward()
    deliver()
    assert sorted(one.recipients[0] for one in sink.arrived) == sorted(f"u{number}@far.test" for number in range(120))
    assert sink.connections == 3


def test_what_comes_soon_after_is_put_into_mailboxes_by_the_thread_that_is_there(
    queued, configure, deliver, query, monkeypatch
):
    """No task, and no Redis, for each message of a busy day; and one thread alone waits for the next."""
    configure()
    monkeypatch.setattr(mailboxes.Mailboxes, "lingers", 60.0)
    queued("one@x.test")
    there = [Thread(target=deliver, args=("mailbox",)) for _ in range(2)]
    for each in there:
        each.start()
    wait_for(lambda: query(DELIVERED) == [(1,)], "the first is not delivered")
    wait_for(lambda: sum(each.is_alive() for each in there) == 1, "both wait, or none does")
    queued("two@x.test")
    assert slots.SLOTS.wake("mailbox")
    wait_for(lambda: query(DELIVERED) == [(2,)], "the second waits")
    configure()
    slots.SLOTS.wake("mailbox")
    for each in there:
        each.join(30)
        assert not each.is_alive()


@pytest.mark.parametrize(("at_once", "delivered"), [(mailboxes.AT_ONCE, 2), (1, 1)])
def test_a_worker_that_is_to_end_notes_what_stands_in_mailboxes_and_gives_the_rest_back(
    queued, configure, deliver, query, monkeypatch, at_once, delivered
):
    """A message that its reader had moved meanwhile would come a second time; and many large ones would take long."""
    configure()
    queued("one@x.test", "two@x.test")
    sync = maildir.Store.sync

    def told_to_end(store):
        monkeypatch.setattr(slots.SLOTS, "_stopping", True)
        return sync(store)

    monkeypatch.setattr(maildir.Store, "sync", told_to_end)
    monkeypatch.setattr(mailboxes, "AT_ONCE", at_once)
    deliver("mailbox")
    assert query(DELIVERED) == [(delivered,)]
    assert query("SELECT count(*) FROM queues_recipient WHERE claimed_by IS NOT NULL") == [(0,)]


def test_a_damaged_configuration_holds_up_no_mail(sent, sink, query):
    query(
        "INSERT INTO publishing_configrevision (number, document, checksum, author, comment) "
        "VALUES (2000000000, '{\"revision\": ', '', '', '') RETURNING number"
    )
    sent()
    assert [one.recipients for one in sink.arrived] == [["bob@far.test"]]


@pytest.mark.parametrize("extensions", [(), ("PIPELINING",), ("SIZE 1000000",)])
def test_a_plain_server_gets_the_same(sent, sink, extensions):
    sink.extensions = extensions
    for number in range(3):
        sent(f"u{number}@far.test", body_type="8BITMIME")
    assert len(sink.arrived) == 3
    assert not any("BODY=" in command for command in sink.commands)
    assert any("SIZE=" in command for command in sink.commands) == ("SIZE 1000000" in extensions)


def test_helo_will_do(sent, sink):
    sink.behave = lambda line, n: "502 5.5.1 what?" if line.startswith("ehlo") else None
    sent()
    assert len(sink.arrived) == 1


def test_bare_line_ends_never_reach_the_wire(sent, sink):
    sent(content=HEADER + b"one\n.\nMAIL FROM:<evil@x.test>\r.\r\r\n")
    assert sink.contents() == [HEADER + b"one\r\n.\r\nMAIL FROM:<evil@x.test>\r\n.\r\n\r\n"]


def test_a_large_message_passes_in_pieces(journal, forward, deliver, configure, sink, query):
    configure()
    content = journal.accept_large("bob@far.test", 3 << 20)
    forward()
    deliver()
    assert sink.contents() == [content]
    assert query("SELECT count(*) FROM queues_content") == [(0,)]


def test_one_refused_recipient_bounces_and_the_others_get_the_mail(sent, sink, query, deliver):
    sink.behave = lambda line, n: "550 5.1.1 User unknown" if "nobody" in line else None
    sent("bob@far.test", "nobody@far.test")
    assert sink.arrived[0].recipients == ["bob@far.test"]
    assert query(STATUS) == [
        ("bob@far.test", "delivered", 1, ""),
        ("nobody@far.test", "failed", 1, "550 5.1.1 User unknown"),
    ]
    ((sender, subject, hop),) = query(
        "SELECT sender, subject, next_hop FROM queues_message m JOIN queues_recipient r ON r.message_id = m.id "
        "WHERE origin = 'generated' AND address = 'ann@x.test'"
    )
    assert (sender, subject, hop) == ("", "Undeliverable: Figures", "mailbox")


def test_a_report_reaches_the_senders_mailbox(sent, sink, deliver, home):
    sink.behave = lambda line, n: "554 5.7.1 no" if line == "." else None
    sent(content=HEADER + b"the body\r\n")
    deliver("mailbox")
    (report,) = (home / "mailboxes" / "x.test" / "ann" / "new").iterdir()
    text = report.read_bytes()
    assert text.startswith(b"Return-Path: <>\r\nFrom: <postmaster@gatepost.test>\r\nTo: <ann@x.test>\r\n")
    assert b"#554 5.7.1 no ##" in text
    assert b"the body\r\n" in text
    assert text.endswith(b"_report--\r\n")


def test_nobody_is_told_about_mail_from_the_null_sender(sent, sink, query):
    sink.behave = lambda line, n: "550 5.1.1 User unknown" if line.startswith("RCPT") else None
    sent(sender="")
    assert query("SELECT count(*) FROM queues_message WHERE origin = 'generated'") == [(0,)]
    assert query("SELECT count(*) FROM queues_content") == [(0,)]


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize("pipelining", [True, False])
def test_a_passing_refusal_waits_for_the_message_retry_interval(sent, sink, query, verb, pipelining):
    sink.extensions = ("PIPELINING",) if pipelining else ()
    sink.behave = lambda line, n: "451 4.7.1 Greylisted" if line.upper().startswith(verb) else None
    sent("bob@far.test", "eve@far.test")
    assert [row[1:] for row in query(STATUS)] == [("ready", 1, "451 4.7.1 Greylisted")] * 2
    ((least, most),) = query("SELECT min(due_at - now()), max(due_at - now()) FROM queues_recipient")
    assert 890 < least.total_seconds() <= most.total_seconds() <= 900
    assert query("SELECT retry_at FROM queues_nexthop") == [(None,)]
    assert query("SELECT count(*) FROM queues_content") == [(1,)]


@pytest.mark.parametrize("pipelining", [True, False])
def test_after_a_refusal_the_same_connection_goes_on(journal, forward, deliver, configure, sink, query, pipelining):
    configure()
    sink.extensions = ("PIPELINING",) if pipelining else ()
    sink.behave = lambda line, n: "550 5.1.1 no" if "nobody" in line else "550 5.7.1 no" if "bad@" in line else None
    for number, sender in enumerate(["ann@x.test", "bad@x.test", "ann@x.test", "ann@x.test"]):
        journal.accept("nobody@far.test" if number == 2 else f"u{number}@far.test", sender=sender)
    forward()
    deliver()
    assert [one.recipients for one in sink.arrived] == [["u0@far.test"], ["u3@far.test"]]
    assert sink.connections == 1
    assert [row[1] for row in query(STATUS)] == ["delivered", "failed", "failed", "delivered"]


def test_too_many_recipients_get_the_mail_in_several_turns(sent, sink, query):
    def behave(line, n):
        return "452 4.5.3 Too many recipients" if line.startswith("RCPT") and n == 3 else None

    sink.behave = behave
    sent(*(f"u{number}@far.test" for number in range(5)))
    assert [row[1] for row in query(STATUS)] == ["delivered"] * 5


def test_a_dead_next_hop_is_tried_once_not_once_for_each_message(journal, forward, deliver, configure, sink, query):
    configure(port=free_port())
    for number in range(300):
        journal.accept(f"u{number}@far.test")
    forward()
    deliver()
    deliver()
    assert query("SELECT DISTINCT status, attempts, claimed_by FROM queues_recipient") == [("ready", 0, None)]
    ((failures, error, wait),) = query("SELECT retry_count, last_error, retry_at - now() FROM queues_nexthop")
    assert failures == 1
    assert error.startswith("451 4.4.0 Primary target IP address responded with:")
    assert 55 < wait.total_seconds() <= 60


def test_a_corrected_send_connector_is_tried_at_once(journal, forward, deliver, configure, sink):
    configure(port=free_port())
    routing.reroute()
    journal.accept("bob@far.test")
    forward()
    deliver()
    configure()
    deliver()
    assert not sink.arrived
    routing.reroute()
    deliver()
    assert len(sink.arrived) == 1


def test_a_next_hop_that_comes_back_is_as_new(journal, forward, deliver, configure, sink, query):
    configure()
    journal.accept("bob@far.test")
    forward()
    sink.behave = lambda line, n: "421 4.3.2 Service not available" if line == "connect" else None
    deliver()
    assert query("SELECT retry_count FROM queues_nexthop") == [(1,)]
    sink.behave = lambda line, n: None
    query("UPDATE queues_nexthop SET retry_at = now() RETURNING key")
    deliver()
    assert len(sink.arrived) == 1
    assert query("SELECT retry_count, retry_at, last_error FROM queues_nexthop") == [(0, None, "")]


def test_a_dropped_connection_puts_nothing_off(journal, forward, deliver, configure, sink, query):
    configure()
    sink.behave = lambda line, n: "drop" if line == "." and n == 3 else None
    for number in range(6):
        journal.accept(f"u{number}@far.test")
    forward()
    deliver()
    assert [row[1:] for row in query(STATUS)] == [("delivered", 1, "")] * 6
    assert sink.connections == 2
    assert query("SELECT retry_at FROM queues_nexthop") == [(None,)]


def test_a_next_hop_that_always_drops_is_out_of_order(journal, forward, deliver, configure, sink, query):
    configure()
    sink.behave = lambda line, n: "drop" if line.upper().startswith("MAIL") else None
    for number in range(5):
        journal.accept(f"u{number}@far.test")
    forward()
    deliver()
    assert sink.connections == 2, "once in the usual way, and once with one command at a time"
    assert query("SELECT retry_count FROM queues_nexthop") == [(1,)]
    assert query("SELECT count(*) FROM queues_recipient WHERE claimed_by IS NOT NULL") == [(0,)]


def test_a_silent_next_hop_is_given_up(sent, sink, query, monkeypatch):
    import threading

    silence = threading.Event()
    monkeypatch.setattr(smtp_client, "COMMAND", 0.3)
    sink.behave = lambda line, n: silence.wait(30) and None if line.startswith("MAIL") else None
    sent()
    silence.set()
    assert query("SELECT retry_count FROM queues_nexthop") == [(1,)]


def test_several_smart_hosts_are_tried_in_their_order(journal, forward, deliver, configure, sink):
    configure(smart_hosts=("[127.0.0.9]", "[127.0.0.1]"))
    journal.accept("bob@far.test")
    forward()
    deliver()
    assert len(sink.arrived) == 1


def test_what_is_too_large_for_them_is_not_sent(sent, sink, query):
    sink.extensions = ("PIPELINING", "SIZE 100")
    sent(content=HEADER + b"x" * 200 + b"\r\n")
    assert not sink.arrived
    assert query(STATUS)[0][1] == "failed"
    assert "5.3.4" in query(STATUS)[0][3]


def test_mailboxes_hold_what_was_sent_and_refuse_strangers(journal, forward, deliver, configure, query, home):
    configure()
    query("INSERT INTO directory_recipient (address) VALUES ('bob@gatepost.test') RETURNING id")
    journal.accept("Bob@gatepost.test", "stranger@gatepost.test", "postmaster", content=HEADER + b"hi\r\n")
    forward()
    deliver("mailbox")
    box = home / "mailboxes" / "gatepost.test"
    (mail,) = (box / "bob" / "new").iterdir()
    assert mail.read_bytes() == b"Return-Path: <ann@x.test>\r\n" + HEADER + b"hi\r\n"
    assert len(list((box / "postmaster" / "new").iterdir())) == 1
    assert not (box / "stranger").exists()
    assert query("SELECT status, last_error FROM queues_recipient WHERE address LIKE 'stranger%'") == [
        ("failed", "550 5.1.1 RESOLVER.ADR.RecipNotFound; not found")
    ]


def test_expiry_bounces_and_a_delay_is_told_once(journal, forward, deliver, configure, query):
    limits = TransportLimits(delay_notification_timeout=100, message_expiration_timeout=1000)
    configure(port=free_port(), limits=limits)
    journal.accept("late@far.test", accepted_at=time.time() - 500)
    journal.accept("dead@far.test", accepted_at=time.time() - 2000)
    journal.accept("fresh@far.test")
    forward()
    deliver()
    assert notices.send_due() == 2
    assert notices.send_due() == 0
    assert [row[1] for row in query(STATUS)] == ["ready", "failed", "ready"]
    subjects = {row[0] for row in query("SELECT subject FROM queues_message WHERE origin = 'generated'")}
    assert subjects == {"Delayed: Figures", "Undeliverable: Figures"}
    ((until,),) = query(
        "SELECT substring(convert_from(chunk, 'UTF8') FROM 'Will-Retry-Until: ([^\r]*)') FROM queues_content c "
        "JOIN queues_message m ON m.id = c.message_id WHERE m.subject = 'Delayed: Figures' AND number = 0"
    )
    assert abs(parsedate_to_datetime(until).timestamp() - time.time() - 500) < 60
    assert query("SELECT count(*) FROM queues_content c JOIN queues_recipient r USING (message_id) "
                 "WHERE address = 'dead@far.test'") == [(0,)]  # fmt: skip


@pytest.mark.parametrize(
    ("notify", "subjects"),
    [
        ("NEVER", set()),
        ("SUCCESS", set()),
        ("DELAY", {"Delayed: Figures"}),
        ("FAILURE", {"Undeliverable: Figures"}),
        ("", {"Delayed: Figures", "Undeliverable: Figures"}),
    ],
)
def test_time_tells_only_who_wants_to_know(journal, forward, configure, query, notify, subjects):
    configure(limits=TransportLimits(delay_notification_timeout=100, message_expiration_timeout=1000))
    for age in (500, 2000):
        journal.accept("late@far.test", accepted_at=time.time() - age, notify=[notify], orcpt=["rfc822;late@far.test"])
    forward()
    assert notices.send_due() == 2
    assert {row[0] for row in query("SELECT subject FROM queues_message WHERE origin = 'generated'")} == subjects
    assert sorted(row[1] for row in query(STATUS)) == ["failed", "ready"]


def test_a_report_is_as_the_organization_wants_it(journal, forward, configure, query):
    configure(
        limits=TransportLimits(delay_notification_timeout=100, message_expiration_timeout=1000),
        config=TransportConfig(
            external_postmaster_address="help@x.test",
            external_delay_dsn_enabled=False,
            external_dsn_max_message_attach_size=10,
        ),
    )
    for age in (500, 2000):
        journal.accept("late@far.test", accepted_at=time.time() - age)
    forward()
    assert notices.send_due() == 2
    ((report,),) = query(
        "SELECT string_agg(chunk, '' ORDER BY number) FROM queues_content c "
        "JOIN queues_message m ON m.id = c.message_id WHERE m.origin = 'generated' GROUP BY m.id"
    )
    assert b"From: <help@x.test>" in report
    assert b"text/rfc822-headers" in report and b"message/rfc822" not in report


def test_unreachable_mail_leaves_when_there_is_a_connector(journal, forward, deliver, configure, sink, query):
    configure(connectors=())
    journal.accept("bob@far.test", "eve@other.test")
    forward()
    assert query("SELECT DISTINCT next_hop FROM queues_recipient") == [("unreachable",)]
    configure()
    assert routing.reroute() == 2
    deliver()
    assert len(sink.arrived) == 1


def test_what_lies_right_is_not_looked_at_each_minute(queued, configure, query, monkeypatch):
    monkeypatch.setattr(routing, "LATE", 0.0)
    astray = "UPDATE queues_recipient SET next_hop = 'unreachable', claimed_by = {} WHERE address = '{}' RETURNING 1"
    configure(connectors=())
    queued("first@far.test")
    configure()
    assert query(astray.format(7, "first@far.test")) == [(1,)]
    assert routing.reroute() == 0, "it is being delivered"
    assert query(astray.format("null", "first@far.test")) == [(1,)]
    assert routing.reroute() == 1, "what was left is looked at again"
    assert routing.reroute() == 0
    queued("second@far.test")
    assert (
        query(astray.format("null", "first@far.test")) + query(astray.format("null", "second@far.test")) == [(1,)] * 2
    )
    assert routing.reroute() == 1, "only what came since"
    monkeypatch.setattr(routing, "ALL_EVERY", 0.0)
    assert routing.reroute() == 1, "now and then everything"


def test_a_round_under_way_obeys_a_new_revision(journal, forward, deliver, configure, sink, monkeypatch):
    monkeypatch.setattr(rounds, "BATCH", 1)
    configure()
    journal.accept("bob@far.test")
    journal.accept("eve@far.test")
    forward()
    sink.behave = lambda line, n: configure(port=free_port()) and None if line == "." else None
    deliver()
    assert len(sink.arrived) == 1


def test_a_removed_connector_hands_its_mail_on(journal, forward, deliver, configure, query):
    configure()
    journal.accept("bob@far.test")
    forward()
    configure(connectors=())
    deliver()
    assert query("SELECT next_hop FROM queues_recipient") == [("unreachable",)]
    ((error,),) = query("SELECT last_error FROM queues_nexthop WHERE key = 'unreachable'")
    assert error == "A matching connector cannot be found to route the external recipient"


def test_a_next_hop_takes_no_more_connections_than_allowed():
    places = slots.Slots()
    assert [places.enter("a", DeliveryType.MAILBOX, 2) for _ in range(3)] == [True, True, False]
    assert places.enter("b", DeliveryType.MAILBOX, 2)
    places.leave("a")
    assert places.enter("a", DeliveryType.MAILBOX, 2)
    assert places.wake("a")
    assert places.more("a", 0)
    assert not places.more("a", 0)
    assert not places.wake("nobody")


def test_who_gets_reports_about_tls_has_a_mailbox_without_an_entry_in_the_directory(configure, queued, deliver, query):
    configure(config=TransportConfig(tls_report_recipient="tls@gatepost.test"))
    queued("tls@gatepost.test", "else@gatepost.test")
    deliver("mailbox")
    found = dict(query("SELECT address, status FROM queues_recipient WHERE address LIKE '%gatepost.test'"))
    assert found == {"tls@gatepost.test": "delivered", "else@gatepost.test": "failed"}
