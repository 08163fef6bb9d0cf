"""Message tracking in the browser."""

import csv
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from console.crud.addresses import address_bounds
from console.queues.models import Message
from console.tracking import queries
from console.tracking.models import Event, Session
from tests.console.management_shell.waiting_mail import happened, message
from transport.trace.tracking_line import COLUMNS, read

pytestmark = pytest.mark.django_db
HOSTILE = '<script>alert("x")</script>'


def listed(client, /, **query):
    answer = client.get(reverse("events:list"), query)
    assert answer.status_code == 200
    return [Event.objects.get(pk=row["key"]).event for row in answer.context["table"]]


@pytest.fixture
def mail():
    """One message to two, of which one got it and one came back with a report; and another one before it."""
    happened(message(sender="zoe@other.test", subject="Else", client_address="198.51.100.4"), "RECEIVE")
    found = message("bob@fabrikam.com", "eve@fabrikam.com", message_id="<7@contoso.com>", subject="Quarterly figures")
    report = message("anna@contoso.com", sender="", origin="generated", subject="Undeliverable", message_id="<r@here>")
    happened(found, "RECEIVE", session_id="0123456789ABCDEF")
    happened(found, "DEFER", "bob@fabrikam.com", statuses=["451 later"], host="mx1.fabrikam.com [192.0.2.7]")
    happened(found, "SEND", "bob@fabrikam.com", statuses=["250 Ok"], host="mx2.fabrikam.com [192.0.2.8]")
    happened(found, "FAIL", "eve@fabrikam.com", statuses=["550 5.1.1 no"], source="SMTP")
    happened(report, "DSN", context=str(found.pk), reference="<7@contoso.com>")
    happened(found, "DSN", "eve@fabrikam.com", source="DSN", context=str(report.pk), reference="<r@here>")
    happened(report, "DELIVER", "anna@contoso.com", source="STOREDRIVER")
    return found


def test_an_empty_log_says_so(admin):
    assert "The first message that comes appears here." in admin.get(reverse("events:list")).text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "figures ANNA"}, ["DSN", "FAIL", "SEND", "DEFER", "RECEIVE"]),
        ({"sender": "zoe@"}, ["RECEIVE"]),
        ({"recipient": "eve@fabrikam", "event": "FAIL"}, ["FAIL"]),
        ({"subject": "quarterly", "event": "SEND"}, ["SEND"]),
        ({"message_id": "<7@contoso.com>", "source": "SMTP"}, ["FAIL", "SEND", "DEFER", "RECEIVE"]),
        ({"client": "198.51.100.4"}, ["RECEIVE"]),
        ({"client": "198.51."}, ["RECEIVE"]),
        ({"client": "198.51.100.0/29"}, ["RECEIVE"]),
        ({"client": "198.51.99.9 - 198.51.100.4", "event": "RECEIVE"}, ["RECEIVE"]),
        ({"client": "198.51.100.5-198.51.100.9"}, []),
        ({"client": "printer"}, []),
        ({"source": "STOREDRIVER"}, ["DELIVER"]),
        ({"session": "0123456789ABCDEF"}, ["RECEIVE"]),
        ({"network_id": "nonsense"}, []),
        ({"q": "nothing of this"}, []),
        ({"q": '"quarterly figures"', "event": "SEND"}, ["SEND"]),
        ({"q": '"figures quarterly"'}, []),
        ({"q": '-"quarterly figures" -subject:undeliverable', "event": "RECEIVE"}, ["RECEIVE"]),
        ({"until": "2001-01-01T00:00"}, []),
        ({"since": "2001-01-01T00:00", "event": "DEFER"}, ["DEFER"]),
        ({"q": "\x00'):*|&!"}, ["DELIVER", "DSN", "DSN", "FAIL", "SEND", "DEFER", "RECEIVE", "RECEIVE"]),
    ],
)
def test_every_filter_finds_its_events(admin, mail, query, found):
    assert listed(admin, **query) == found


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("192.0.3.7", ("192.0.3.7", "192.0.3.7")),
        ("192.0.3.", ("192.0.3.0", "192.0.3.255")),
        ("192.0", ("192.0.0.0", "192.0.255.255")),
        ("10", ("10.0.0.0", "10.255.255.255")),
        ("192.0.3.7/31", ("192.0.3.6", "192.0.3.7")),
        ("192.0.2.9–192.0.3.1", ("192.0.2.9", "192.0.3.1")),
        ("2001:DB8:", ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")),
        ("2001:db8::", ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff")),
        ("2001:db8::1", ("2001:db8::1", "2001:db8::1")),
        ("999.", None),
        ("1.2.3.4.", None),
        ("a:b:c:d:e:f:1:2:", None),
        ("", None),
    ],
)
def test_clients_are_asked_for_by_address_range_network_or_beginning(text, bounds):
    assert address_bounds(text) == bounds


def test_a_client_with_more_messages_than_a_search_looks_at_is_found_whole(admin, mail, monkeypatch):
    monkeypatch.setattr(queries, "MOST_FOUND", 1)
    for _ in range(3):
        happened(message(client_address="203.0.113.9"), "RECEIVE")
    assert listed(admin, client="203.0.113.") == ["RECEIVE"] * 3


def test_a_search_that_leaves_messages_out_says_so(admin, mail, monkeypatch):
    monkeypatch.setattr(queries, "MOST_FOUND", 1)
    page, said = reverse("events:list"), "only the newest 1,000 of them are looked through"
    for query in ({"q": "figures"}, {"sender": "zoe@"}, {"client": "198.51.100.4"}, {}):
        assert said not in admin.get(page, query).text, query
    happened(message(subject="Other figures"), "RECEIVE")
    for query in ({"q": "figures"}, {"subject": "figures", "sender": "anna"}):
        assert said in admin.get(page, query).text
    assert said not in admin.get(page, {"q": "figures", "until": "2001-01-01T00:00"}).text


def test_a_phrase_and_a_subject_are_found_as_they_are_read(admin):
    happened(message(subject="=?utf-8?q?Gr=C3=BCne_Zahlen?="), "RECEIVE")
    happened(message(subject="=?utf-8?q?Zahlen=2C_gr=C3=BCne?="), "RECEIVE")
    for query in ({"q": '"grüne zahlen"'}, {"subject": "Grüne Zahlen"}):
        assert listed(admin, **query) == ["RECEIVE"]


def test_an_end_of_the_time_leads_to_earlier_messages(admin, mail, monkeypatch):
    monkeypatch.setattr(queries, "MOST_FOUND", 1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tracking_search SET time = now() - interval '2 days'")
    Event.objects.update(time=timezone.now() - timedelta(days=2))
    happened(message(id=UUID(int=2**128 - 1), subject="Other figures"), "RECEIVE")
    assert listed(admin, q="figures") == ["RECEIVE"]
    yesterday = f"{timezone.now() - timedelta(days=1):%Y-%m-%dT%H:%M}"
    assert len(listed(admin, q="figures", until=yesterday)) == 5


def test_one_message_is_found_by_its_name_in_the_queue(admin, mail):
    for name in (str(mail.pk), mail.pk.hex):
        assert listed(admin, network_id=name)[-1] == "RECEIVE"
        assert len(listed(admin, network_id=name)) == 5


def test_the_whole_life_of_a_message_is_one_page(admin, mail):
    Session.objects.create(
        session_id="0123456789ABCDEF", transport="t", connector="c", local_endpoint="l", remote_address="192.0.2.1",
        remote_port=1, started_at=timezone.now(),
    )  # fmt: skip
    page = admin.get(reverse("events:message", args=[mail.pk])).text
    for text in (
        reverse("tracking:session", args=["0123456789ABCDEF"]), reverse("queues:message", args=[mail.pk]),
        "451 later", "250 Ok", "550 5.1.1 no", "mx2.fabrikam.com [192.0.2.8]", "of the report", "DELIVER",
        "The message that it is about",
    ):  # fmt: skip
        assert text in page, text
    report = Message.objects.get(origin="generated")
    assert reverse("events:message", args=[report.pk]) in page
    assert admin.get(reverse("events:message", args=[uuid4()])).status_code == 404
    first = Event.objects.order_by("pk").last()
    assert admin.get(reverse("events:message-of", args=[first.pk])).status_code == 302


def test_what_was_said_of_several_stands_once_below_them(admin):
    found = message("bob@fabrikam.com", "eve@fabrikam.com", "zoe@fabrikam.com")
    happened(found, "FAIL", statuses=["550 no", "550 no", "551 moved"])
    page = admin.get(reverse("events:message", args=[found.pk])).text
    places = [page.index(text) for text in ("bob@fabrikam", "eve@fabrikam", "550 no", "zoe@fabrikam", "551 moved")]
    assert places == sorted(places) and page.count("550 no") == 1


def test_nothing_of_a_stranger_is_markup(admin):
    found = message(subject=HOSTILE, helo=HOSTILE, message_id=HOSTILE)
    one = happened(found, "SEND", HOSTILE, statuses=[HOSTILE], host=HOSTILE, protection=HOSTILE, context=HOSTILE)
    for url in ("events:list", "events:details", "events:message"):
        key = [] if url == "events:list" else [one.pk if url == "events:details" else found.pk]
        assert HOSTILE not in admin.get(reverse(url, args=key)).text


def test_the_download_is_the_log_format_of_exchange(admin, mail):
    Event.objects.update(time=timezone.now() - timedelta(minutes=1))
    answer = admin.get(reverse("events:list-file"), {"message_id": "7@contoso.com"})
    text = b"".join(answer.streaming_content).decode("ascii")
    assert text.splitlines()[2] == "#Log-type: Message Tracking Log"
    assert tuple(text.splitlines()[4].removeprefix("#Fields: ").split(",")) == COLUMNS
    lines = read(text)
    assert [each.event_id for each in lines] == ["RECEIVE", "DEFER", "SEND", "FAIL", "DSN"]
    assert (lines[2].server_hostname, lines[2].server_ip) == ("mx2.fabrikam.com", "192.0.2.8")
    assert (lines[0].client_ip, lines[0].recipient_address) == ("192.168.5.77", "bob@fabrikam.com;eve@fabrikam.com")
    assert lines[3].recipient_status == "550 5.1.1 no" and lines[4].reference == "<r@here>"
    assert {each.network_message_id for each in lines} == {mail.pk.hex}
    assert list(csv.reader(text.splitlines()[5:]))
