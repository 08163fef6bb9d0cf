"""The protocol log in the browser."""

import csv
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from console.actors import Role
from console.connectors import actions as connectors
from console.connectors.models import ReceiveConnector, SendConnector
from console.crud import counting
from console.publishing.models import ConfigRevision, Count
from console.tracking import actions, queries, views
from console.tracking.models import Session
from console.tracking.views import SessionPages
from tests.console.builders import ADMIN, receive_connector
from transport.config import document
from transport.config.receive_connector import ProtocolLoggingLevel
from transport.config.receive_connector import ReceiveConnector as Settings
from transport.config.snapshot import Snapshot
from transport.receive.rules import REFUSALS, RULES

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 12, 14, 3, 22, tzinfo=UTC)
HOSTILE = '<script>alert("x")</script>'


def make_session(number=1, *events, **values):
    """A session that starts `number` seconds after START; `events` are (ms, mark, data, context)."""
    started = START + timedelta(seconds=number)
    stamped = [
        [(started + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds"), *rest] for ms, *rest in events
    ]
    given = {
        "session_id": f"{number:016X}",
        "transport": "mx1",
        "connector": "mx1\\Internet",
        "local_endpoint": "10.2.3.4:25",
        "remote_address": "203.0.113.7",
        "remote_port": 51514,
        "started_at": started,
        "ended_at": started + timedelta(seconds=5),
        "events": stamped,
    } | values
    parts = [given["remote_address"], given.get("helo", ""), given.get("sender", ""), *given.get("recipients", [])]
    given.setdefault("search", " ".join([*parts, *(event[2] for event in events)]).lower())
    return Session.objects.create(**given)


def listed(client, **query):
    answer = client.get(reverse("tracking:list"), query)
    assert answer.status_code == 200
    return [row["key"] for row in answer.context["table"]]


def publish(number, connector):
    content = document.encode(Snapshot(revision=number, receive_connectors=(connector,)))
    ConfigRevision.objects.create(
        number=number, document=content.decode(), checksum=document.checksum(content), author="ap@contoso.com"
    )


def test_an_empty_log_says_how_to_fill_it(admin):
    assert "Set protocol logging to Verbose" in admin.get(reverse("tracking:list")).text


def test_connections_of_connectors_that_keep_no_log_are_told_of(admin):
    """Who makes a connector and sends a first mail would look for it here in vain."""
    silent, loud = ProtocolLoggingLevel.None_, ProtocolLoggingLevel.Verbose
    for name, level, range_ in (("Silent printers", silent, "10.0.0.1"), ("Internet", loud, "192.0.2.0/24")):
        connectors.create(ADMIN, receive_connector(name, protocol_logging_level=level, ranges=[range_]))
        Count.objects.create(what="connected", by="connector", name=name, at=timezone.now(), n=3)
    assert "3 connections of the last 24 hours are not here" in admin.get(reverse("tracking:list")).text
    shown = admin.get(reverse("connectors:receive-list") + "?logging=None").text
    assert "Silent printers" in shown and "Internet" not in shown.partition('id="list"')[2]
    row = ReceiveConnector.objects.get(name="Silent printers")
    connectors.update(ADMIN, Settings, row.pk, {"protocol_logging_level": loud})
    assert "are not here" not in admin.get(reverse("tracking:list")).text


def test_of_a_flood_the_list_says_how_many_it_leaves_out(admin, monkeypatch):
    """No more rows than a page has reach the browser, and no more than some are counted."""
    now = timezone.now()
    for number in range(30):
        make_session(number, started_at=now)
    assert "left-out" not in admin.get(reverse("tracking:list")).text
    monkeypatch.setattr(SessionPages, "page_size", 20)
    answer = admin.get(reverse("tracking:list"))
    assert len(answer.context["table"]) == 20
    assert "In the last 10 seconds 30 sessions have begun: the newest 20 are shown." in answer.text
    monkeypatch.setattr(views, "MOST_LATELY", 25)
    assert "In the last 10 seconds more than 25 sessions have begun" in admin.get(reverse("tracking:list")).text
    assert "have begun" not in admin.get(reverse("tracking:list"), {"remote": "192.0.2.1"}).text


def test_a_list_that_is_paused_stands_still_and_says_how_many_have_begun_since(admin):
    kept = make_session(1)
    paused = int(timezone.now().timestamp())
    for number in (2, 3):
        make_session(number, started_at=timezone.now() + timedelta(seconds=2))
    assert listed(admin, paused=paused) == [kept.pk]
    assert "Begun since the pause: 2." in admin.get(reverse("tracking:list"), {"paused": paused}).text
    assert len(listed(admin)) == 3


def test_sessions_stand_newest_first_and_refresh_themselves_until_paused(admin):
    first, second = make_session(1), make_session(2)
    assert listed(admin) == [second.pk, first.pk]
    assert "every 2s" in admin.get(reverse("tracking:list")).text
    assert "every 2s" not in admin.get(reverse("tracking:list"), {"paused": "1"}).text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "PARTNER anna"}, [2]),
        ({"connector": "mx1\\Relay"}, [3]),
        ({"outcome": "refused"}, [1]),
        ({"outcome": "queued"}, [2]),
        ({"outcome": "open"}, [3]),
        ({"tls": "yes"}, [2]),
        ({"remote": "192.0.2."}, [1]),
        ({"remote": "198.51.100.0/24"}, [2]),
        ({"remote": "2001:db8::/32"}, [3]),
        ({"remote": "no/net"}, []),
        ({"remote": "203.0.113.0-203.0.113.255"}, []),
        ({"remote": "192.0.2.5-192.0.2.9"}, [1]),
        ({"remote": "2001:0DB8:0:0::1"}, [3]),
        ({"q": "192.0.2.9"}, [1]),
        ({"q": "192.0.2.0/24"}, [1]),
        ({"q": "[2001:0db8:0:0:0:0:0:1]"}, [3]),
        ({"q": "9.2.0.192"}, []),
        ({"q": "198.51.100.4 anna"}, [2]),
        ({"q": "192.0.2.9 anna"}, []),
        ({"helo": "MAIL.partner"}, [2]),
        ({"sender": "news@"}, [2]),
        ({"recipient": "anna@contoso"}, [2]),
        ({"since": "2026-11-12T14:03:24", "until": "2026-11-12T14:03:24"}, [2]),
        ({"since": "nonsense"}, [3, 2, 1]),
        ({"q": "\x00"}, [3, 2, 1]),
        ({"page": "99"}, [3, 2, 1]),
    ],
)
def test_every_filter_finds_its_sessions(admin, query, found):
    make_session(1, remote_address="192.0.2.9", refused=1)
    partner = {"helo": "mail.partner.example", "sender": "news@partner.example", "recipients": ["anna@contoso.com"]}
    make_session(2, remote_address="198.51.100.4", accepted=1, tls=True, **partner)
    make_session(3, remote_address="2001:db8::1", connector="mx1\\Relay", ended_at=None)
    assert listed(admin, **query) == [f"{number:016X}" for number in found]


def test_a_session_reads_as_a_conversation_with_the_reason_beside_each_refusal(admin):
    row = ReceiveConnector.objects.create(name="Internet")
    publish(41, Settings(name="Internet", max_message_size=1024 * 1024))
    publish(42, Settings(name="Internet", max_message_size=2 * 1024 * 1024))
    session = make_session(
        1,
        (0, "+", "", "range 203.0.113.0/24"),
        (1, ">", "220 mx ready", ""),
        (38, "<", "MAIL FROM:<a@b.example> SIZE=9999999", ""),
        (5038, ">", "552 5.3.4 Message size exceeds fixed maximum message size", "message_size; revision 41"),
        (5040, "-", "", "Remote"),
        refused=1,
    )
    page = admin.get(reverse("tracking:session", args=[session.pk])).text
    begun = "203.0.113.7:51514 connected to 10.2.3.4:25, range 203.0.113.0/24"
    for text in (begun, "5\u202f038", "closed by the client", "message_size"):
        assert text in page
    assert RULES["message_size"].meaning in page
    assert "1 MB" in page
    assert "2 MB" in page
    assert "Revision 41" in page
    assert "ap@contoso.com" in page
    assert f"/receive-connectors/{row.pk}/" in page


def test_a_refusal_says_which_entry_matched_and_for_how_long_it_was_held(admin):
    row = ReceiveConnector.objects.create(name="Internet")
    events = [
        (0, "<", "RCPT TO:<anna@contoso.com>", ""),
        (0, "*", "Tarpit for '0.00:01:05'", "TarpitInterval"),
        (65000, ">", "550 5.7.1 No", "ip_block_list; revision 1; 192.0.2.0/24 (B\\xfcro; <b> \\u20ac \\ud800)"),
    ]
    page = admin.get(reverse("tracking:session", args=[make_session(1, *events).pk])).text
    assert "192.0.2.0/24 (Büro; &lt;b&gt; € ?)" in page
    assert "answer held 65 s" in page or "answer held 65 s" in page
    limits = reverse("connectors:receive-properties", args=[row.pk, "limits"])
    assert f'<a href="{limits}#id_tarpit_interval">TarpitInterval</a>' in page
    assert f'href="{reverse("refusals:page", args=["ip_block_list"])}?session=' in page
    assert "answers" not in page


def test_replies_to_commands_sent_at_once_name_their_command(admin):
    commands = ["MAIL FROM:<a@b.example>", "RCPT TO:<one@x.example>", "RCPT TO:<two@x.example>"]
    events = [(0, ">", "220 ready", ""), *((1, "<", text, "") for text in commands)]
    events += [(2, ">", "250 2.1.0 Sender OK", ""), *((3, ">", "550 5.7.1 Unable to relay", "") for _ in range(2))]
    events += [(4, "<", "QUIT", ""), (4, ">", "221 2.0.0 Bye", "")]
    answer = admin.get(reverse("tracking:session", args=[make_session(1, *events).pk]))
    assert [line.answers for line, *_ in answer.context["lines"]] == ["", "", "", "", *commands, "", ""]


def test_the_reply_to_a_message_is_none_to_what_was_sent_behind_it(admin):
    """Each reply after the first message was said to answer the command after its own."""
    commands = ["MAIL FROM:<a@b.example>", "RCPT TO:<two@x.example>", "DATA"]
    events = [(0, ">", "354 Start mail input", ""), *((1, "<", text, "") for text in commands)]
    events += [
        (2, ">", text, "") for text in ("250 2.6.0 Queued", "250 2.1.0 OK", "250 2.1.5 OK", "354 Start", "250 OK")
    ]
    answer = admin.get(reverse("tracking:session", args=[make_session(1, *events).pk]))
    assert [line.answers for line, *_ in answer.context["lines"]] == ["", "", "", "", "", *commands, ""]


def test_every_rule_has_words_and_leads_somewhere(admin):
    ReceiveConnector.objects.create(name="Internet")
    publish(1, Settings(name="Internet"))
    refusals = [(at, ">", "550 5.0.0 No", f"{name}; revision 1") for at, name in enumerate(RULES)]
    answer = admin.get(reverse("tracking:session", args=[make_session(1, *refusals).pk]))
    for line, reason, *_ in answer.context["lines"]:
        assert reason.decision.words, line
        assert bool(reason.url) == bool(reason.decision.rule.on), reason
        assert bool(reason.decision.help_url) == (reason.decision.name in REFUSALS), reason


def test_what_a_client_sent_is_never_markup(admin):
    session = make_session(
        1, (0, "<", HOSTILE, ""), (1, ">", "500 5.3.3 Unrecognized command", "no_such_rule; revision 9"),
        helo=HOSTILE, sender=HOSTILE, recipients=[HOSTILE] * 5,
    )  # fmt: skip
    for place in ("session", "details"):
        assert "<script>alert" not in admin.get(reverse(f"tracking:{place}", args=[session.pk])).text
    assert "<script>alert" not in admin.get(reverse("tracking:list")).text


@pytest.mark.parametrize("events", [[], [[]], [["not a time"]], [["2026-11-12T14:03:23Z", ">"]], [[None, 5, {}, []]]])
def test_a_damaged_record_is_shown_as_far_as_it_goes(admin, events):
    session = make_session(1)
    Session.objects.update(events=events)
    assert admin.get(reverse("tracking:session", args=[session.pk])).status_code == 200
    assert admin.get(reverse("tracking:session-file", args=[session.pk])).status_code == 200


def test_the_download_is_the_log_format_of_exchange(admin):
    for number in (2, 1, 3):
        make_session(number, (0, "+", "", ""), (1, "<", 'EHLO "a,b"', ""), (2, "-", "", "Remote"), refused=number % 2)
    answer = admin.get(reverse("tracking:list-file"), {"outcome": "refused"})
    lines = b"".join(answer.streaming_content).decode().split("\r\n")
    assert lines[0] == "#Software: Gatepost, format 1"
    assert lines[4].startswith("#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,")
    rows = list(csv.reader(lines[5:-1]))
    assert [row[2][-1] for row in rows] == ["1"] * 3 + ["3"] * 3
    assert rows[1][1:9] == [
        "mx1\\Internet",
        "0" * 15 + "1",
        "1",
        "10.2.3.4:25",
        "203.0.113.7:51514",
        "<",
        'EHLO "a,b"',
        "",
    ]


def test_no_spreadsheet_computes_what_a_client_said(admin):
    make_session(1, (0, "<", '=HYPERLINK("http://x.test")', ""), (1, "<", "@SUM(1)", ""))
    answer = admin.get(reverse("tracking:list-file"))
    rows = list(csv.reader(b"".join(answer.streaming_content).decode().split("\r\n")[5:-1]))
    assert [row[7] for row in rows] == [' =HYPERLINK("http://x.test")', " @SUM(1)"]


def test_a_long_download_comes_in_batches_without_loss(admin, monkeypatch):
    monkeypatch.setattr(queries, "EXPORTED_AT_ONCE", 2)
    for number in range(5):
        make_session(number + 1, (0, "+", "", ""), started_at=START)
    content = b"".join(admin.get(reverse("tracking:list-file")).streaming_content)
    assert content.count(b",+,") == 5


def test_a_count_that_stops_counting_says_so(admin, monkeypatch):
    monkeypatch.setattr(counting, "COUNTED", 2)
    for number in range(4):
        make_session(number)
    assert "more than 2 sessions" in admin.get(reverse("tracking:list")).text
    monkeypatch.setattr(counting, "COUNTED", 4)
    assert ">4 sessions" in admin.get(reverse("tracking:list")).text


@pytest.mark.parametrize("order", [("-started_at", "-session_id"), ("started_at", "pk")])
def test_words_find_the_same_sessions_in_order_however_frequent_they_are(monkeypatch, order):
    monkeypatch.setattr(counting, "EARLY", 20)
    monkeypatch.setattr(counting, "FREQUENT", 5)
    for number in range(1, 61):
        make_session(number, search=f"frequent {'often' * (number % 3 == 0)} {'seldom' * (number % 10 == 3)}")
    for word, n in (("frequent", 60), ("often", 20), ("seldom", 6), ("never", 0)):
        rows = queries.with_text(Session.objects.order_by(*order), word)
        every = list(rows)
        assert len(every) == n
        for first, end in ((0, 5), (0, 10), (10, 20), (40, 60)):
            assert counting.in_order(rows, first, end) == every[first:end]


def test_connectors_of_the_log_are_named_once():
    for number, name in enumerate(["B", "A", "B", "C", "A"]):
        make_session(number, connector=name)
    assert queries.connectors() == ["A", "B", "C"]


def test_everybody_who_may_sign_in_may_read_the_log_and_a_wrong_name_is_404(signed_in):
    session = make_session(1)
    reader = signed_in(Role.VIEW_ONLY)
    assert reader.get(reverse("tracking:session", args=[session.pk])).status_code == 200
    for name in ("NOSUCH", "\x00", "a b"):
        assert reader.get(reverse("tracking:session", args=[name])).status_code == 404


def test_old_sessions_are_forgotten(monkeypatch):
    monkeypatch.setattr(actions, "AT_ONCE", 2)
    for number in range(5):
        make_session(number)
    assert actions.forget_before(START + timedelta(seconds=3)) == 3
    assert Session.objects.count() == 2


def test_a_session_with_a_next_hop_reads_the_other_way_round(admin):
    message = "01930000-0000-7000-8000-000000000001"
    SendConnector.objects.create(name="Out")
    session = make_session(
        1,
        (0, "+", "", "mx.far.test [203.0.113.7]"),
        (1, ">", "RCPT TO:<a@far.test>", ""),
        (2, "<", "550 5.1.1 Unknown", ""),
        (3, "<", "250  Ok queued", f"message {message}"),
        (4, "-", "", "Remote"),
        direction="send", connector="Out", helo="mx.far.test [203.0.113.7]", accepted=1, refused=1,
    )  # fmt: skip
    page = admin.get(reverse("tracking:session", args=[session.pk])).text
    key = SendConnector.objects.get().pk
    for text in (
        "10.2.3.4:25 connected to 203.0.113.7:51514", "the next hop sent", "closed by the next hop", "1 handed over",
        "1 refused", "250 Ok queued", reverse("events:message", args=[message]),
        reverse("connectors:send-edit", args=[key]),
    ):  # fmt: skip
        assert text in page
    make_session(2)
    assert listed(admin, direction="send") == [session.pk]
    assert listed(admin, direction="receive") == [f"{2:016X}"]
    details = admin.get(reverse("tracking:details", args=[session.pk])).text
    assert "550 5.1.1 Unknown" in details
    text = b"".join(admin.get(reverse("tracking:list-file")).streaming_content).decode()
    assert text.index("SMTP Receive Protocol Log") < text.index("SMTP Send Protocol Log") < text.index(",Out,")
    only = admin.get(reverse("tracking:list-file"), {"direction": "send"})
    assert 'filename="SEND' in only.headers["Content-Disposition"]


def test_an_address_is_one_word_and_not_four_loose_numbers(admin):
    """Of sessions that name 127, 0, 0 and 5 somewhere, only that of 127.0.0.5 is meant."""
    for number, address in enumerate(("127.0.0.5", "127.0.0.50", "127.0.5.0", "5.0.0.127")):
        make_session(number, remote_address=address, recipients=["a5@127.0.0.5.example"])
    assert listed(admin, q="127.0.0.5") == [f"{0:016X}"]
    assert listed(admin, q="127.0.9.9") == []
    assert listed(admin, q="127.0.0.") == [f"{1:016X}", f"{0:016X}"]


def test_what_is_no_address_does_not_keep_a_session_out_of_the_log(admin):
    for number, address in enumerate(("", "mx.example", "fe80::1%eth0", "1.2.3.4.5", "::ffff:192.0.2.1")):
        make_session(number, remote_address=address)
    assert len(listed(admin)) == 5
    assert listed(admin, remote="fe80::1") == [f"{2:016X}"]
    assert listed(admin, remote="0.0.0.0/0") == []
