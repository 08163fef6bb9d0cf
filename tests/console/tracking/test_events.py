"""Message tracking in the browser."""

import csv
from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from console.queues.models import Message
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
        ({"source": "STOREDRIVER"}, ["DELIVER"]),
        ({"session": "0123456789ABCDEF"}, ["RECEIVE"]),
        ({"network_id": "nonsense"}, []),
        ({"q": "nothing of this"}, []),
        ({"until": "2001-01-01T00:00"}, []),
        ({"since": "2001-01-01T00:00", "event": "DEFER"}, ["DEFER"]),
        ({"q": "\x00'):*|&!"}, ["DELIVER", "DSN", "DSN", "FAIL", "SEND", "DEFER", "RECEIVE", "RECEIVE"]),
    ],
)
def test_every_filter_finds_its_events(admin, mail, query, found):
    assert listed(admin, **query) == found


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
