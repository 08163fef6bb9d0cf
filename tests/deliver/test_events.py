"""What message tracking tells of messages, from the client that handed one in to the last word about it."""

import uuid

import psycopg
import pytest

from console.tracking import queries
from tests.console.builders import ADMIN
from transport.config.transport_limits import TransportLimits
from transport.deliver import notices, retention
from transport.shell.forward import search_words

pytestmark = pytest.mark.django_db(transaction=True)
EVENTS = "SELECT event, source, connector, recipients, statuses FROM tracking_event ORDER BY id"


def test_a_message_comes_and_goes(sent, sink, query):
    sink.behave = lambda line, n: "250 2.0.0 Ok: queued as 4711" if line == "." else None
    sent("bob@far.test", "eve@far.test")
    both = ["bob@far.test", "eve@far.test"]
    assert query(EVENTS) == [
        ("RECEIVE", "SMTP", "Default", both, []),
        ("SEND", "SMTP", "Out", both, ["250 2.0.0 Ok: queued as 4711"] * 2),
    ]
    ((received, client), (host, protection, session)) = query(
        "SELECT time = (SELECT accepted_at FROM queues_message), session_id FROM tracking_event WHERE event = 'RECEIVE'"
    ) + query("SELECT host, protection, session_id FROM tracking_event WHERE event = 'SEND'")
    assert (received, client) == (True, "0" * 16)
    assert (host, protection) == ("[127.0.0.1]", "In the clear: STARTTLS is not offered")
    assert len(session) == 16 and session != client


def test_what_one_transaction_did_differently_for_its_recipients_is_told_apart(sent, sink, query):
    sink.behave = lambda line, n: (
        "550 5.1.1 Unknown" if "eve" in line else "451 4.7.1 Greylisted" if "zoe" in line else None
    )
    sent("bob@far.test", "eve@far.test", "zoe@far.test")
    after = sorted(row[:1] + row[3:] for row in query(EVENTS)[1:])
    assert after == [
        ("DEFER", ["zoe@far.test"], ["451 4.7.1 Greylisted"]),
        ("DSN", ["ann@x.test"], []),
        ("DSN", ["eve@far.test"], ["550 5.1.1 Unknown"]),
        ("FAIL", ["eve@far.test"], ["550 5.1.1 Unknown"]),
        ("SEND", ["bob@far.test"], ["250 2.0.0 Ok"]),
    ]


def test_a_report_and_what_it_is_about_name_each_other(sent, sink, query):
    sink.behave = lambda line, n: "554 5.7.1 no" if line == "." else None
    sent()
    ((report, its_name),) = query("SELECT id, message_id FROM queues_message WHERE origin = 'generated'")
    ((original,),) = query("SELECT id FROM queues_message WHERE origin = 'received'")
    found = query("SELECT message_id, reference, context FROM tracking_event WHERE event = 'DSN' ORDER BY id")
    assert found == [(report, "<1@x.test>", str(original)), (original, its_name, str(report))]


def test_mail_into_a_mailbox_is_delivered_by_the_store(configure, queued, deliver, query):
    configure()
    queued("ann@x.test")
    deliver("mailbox")
    assert [row[:2] + row[4:] for row in query(EVENTS)] == [
        ("RECEIVE", "SMTP", []),
        ("DELIVER", "STOREDRIVER", ["250 2.1.5 Recipient OK"]),
    ]


def test_mail_that_is_too_old_fails_in_the_queue(configure, queued, query):
    configure(limits=TransportLimits(message_expiration_timeout=5))
    queued("bob@far.test", accepted_at=1_700_000_000.0)
    notices.send_due()
    ((event, source, statuses),) = query("SELECT event, source, statuses FROM tracking_event WHERE event = 'FAIL'")
    assert (event, source) == ("FAIL", "QUEUE")
    assert statuses[0].startswith("550 4.4.7 QUEUE.Expired")


@pytest.mark.parametrize(("with_ndr", "event"), [(True, "FAIL"), (False, "DROP")])
def test_what_an_administrator_removes_is_told_too(configure, queued, query, with_ndr, event):
    from console.queues import actions

    configure()
    queued("bob@far.test")
    actions.remove_recipients(ADMIN, [row for (row,) in query("SELECT id FROM queues_recipient")], with_ndr=with_ndr)
    assert (event, "ADMIN") in [row[:2] for row in query(EVENTS)]


def test_who_redirects_a_message_is_seen(configure, queued, query):
    from console.queues import actions

    configure()
    queued("bob@far.test")
    actions.redirect_recipients(ADMIN, [query("SELECT id FROM queues_recipient")[0][0]], address="eve@far.test")
    assert ("REDIRECT", "ADMIN", "", ["eve@far.test"], ["bob@far.test"]) in query(EVENTS)


def test_events_go_with_their_message(sent, query, database_url):
    sent()
    _make_searchable(database_url)
    query("UPDATE queues_message SET accepted_at = now() - interval '31 days' RETURNING 1")
    retention.forget_finished()
    assert query("SELECT count(*) FROM tracking_event") == query("SELECT count(*) FROM tracking_search") == [(0,)]


def _make_searchable(database_url):
    with psycopg.connect(database_url, autocommit=True) as connection:
        moved = [search_words.move(connection) for _ in range(4)]
    return sum(moved)


def test_words_are_gathered_once_however_often_who_does_it_is_cut_off(configure, queued, query, database_url):
    configure()
    queued("bob@far.test", "eve@far.test")
    query("UPDATE queues_message SET subject = '=?utf-8?b?R3LDvMOfZQ==?=' RETURNING 1")
    with psycopg.connect(database_url, autocommit=True) as connection:
        search_words.move(connection)
        with connection.transaction(force_rollback=True):
            assert search_words.move(connection) == 2
    assert _make_searchable(database_url) == 2
    assert query("SELECT count(*) FROM tracking_search WHERE words @@ to_tsquery('simple', 'grüße & bob:*')") == [(1,)]
    assert query("SELECT host(client) FROM tracking_search") == [("192.0.2.1",), ("192.0.2.1",)]


def test_what_is_not_committed_yet_keeps_its_turn(configure, queued, query, database_url):
    """Numbers are given before a transaction ends: nobody may pass by a row that becomes visible late."""
    configure()
    late = uuid.uuid4()
    with psycopg.connect(database_url) as slow:
        slow.execute("INSERT INTO tracking_event (event, source, message_id) VALUES ('RECEIVE', 'SMTP', %s)", [late])
        slow.execute(
            "INSERT INTO queues_message (id, accepted_at, transport, connector, revision, session_id, client_address, "
            "helo, tls, principal, authenticated, sender, subject, message_id, size, body_type, recipient_count, "
            "expires_at) "
            "VALUES (%s, now(), '', '', 1, '', '', '', false, '', false, '', 'late', '', 1, '', 1, now())",
            [late],
        )
        queued("bob@far.test")
        assert _make_searchable(database_url) == 0
    assert _make_searchable(database_url) == 2


def test_each_message_of_a_batch_is_told_with_the_connection_that_carried_it(configure, queued, deliver, query):
    configure(max_messages_per_connection=1)
    queued("bob@far.test", "eve@far.test", "zoe@far.test")
    deliver()
    told = query("SELECT recipients, session_id FROM tracking_event WHERE event = 'SEND' ORDER BY id")
    assert sorted(recipient for (recipient,), _ in told) == ["bob@far.test", "eve@far.test", "zoe@far.test"]
    assert len({session for _, session in told}) == 3
    assert query("SELECT DISTINCT remote_host, protection FROM queues_recipient") == [
        ("[127.0.0.1]", "In the clear: STARTTLS is not offered")
    ]


def test_an_event_is_read_once_for_its_words_also_where_it_makes_no_message(sent, database_url):
    sent()
    with psycopg.connect(database_url, autocommit=True) as connection:
        moved = [search_words.move(connection) for _ in range(4)]
    assert moved == [0, 2, 0, 0]  # the first makes the reader


@pytest.mark.parametrize(
    ("subject", "sought"),
    [
        ("Grüße aus Köln", "KÖLN"),
        ("注文 確認", "注"),
        ("it's \\ odd: 'quoted' & !all:*", "quoted"),
        ("x" * 5000, "X" * 600),
        ("1e5 007 v2.10", "v2"),
    ],
)
def test_every_word_is_found_by_what_it_begins_with(configure, queued, query, database_url, subject, sought):
    configure()
    queued("bob@far.test")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE queues_message SET subject = %s", [subject])
    _make_searchable(database_url)
    assert [str(each.message.sender) for each in queries.about(queries.newest_events(), sought)] == ["ann@x.test"]
    assert list(queries.about(queries.newest_events(), "nowhere")) == []
