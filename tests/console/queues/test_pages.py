"""The queues in the browser."""

from datetime import timedelta
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from console.actors import Role
from console.audit.models import Entry
from console.queues import queries
from console.queues.models import Content, Message, NextHop, QueuedRecipient
from console.tracking.models import Event, Session
from tests.console.management_shell.waiting_mail import happened

pytestmark = pytest.mark.django_db
SMART_HOST = "smarthost:To Internet/EU"


@pytest.fixture
def hop(db):
    return NextHop.objects.create(
        key=SMART_HOST,
        delivery_type="SmartHostConnectorDelivery",
        domain="[10.0.0.1]",
        connector="To Internet/EU",
        last_error="451 4.4.0 <b>no answer</b>",
        retry_at=timezone.now() + timedelta(minutes=5),
    )


@pytest.fixture
def queued(hop):
    def queued(
        address="bob@fabrikam.example", *, next_hop=SMART_HOST, sender="anna@contoso.com", subject="Hello", **values
    ):
        now = timezone.now()
        message = Message.objects.create(
            id=uuid4(), accepted_at=now, transport="mx1", connector="Relay", revision=1, session_id="08D6", tls=False,
            client_address="192.0.2.4", helo="scan", principal="", authenticated=False, sender=sender, subject=subject,
            message_id="<1@x>", size=100, body_type="7BIT", recipient_count=1, expires_at=now + timedelta(days=2),
        )  # fmt: skip
        Content.objects.create(message_id=message.pk, number=0, chunk=b"Subject: Hello\r\n\r\nbody\r\n")
        happened(message, "RECEIVE", address)
        later = {"due_at": now + timedelta(minutes=5), "notice_at": now + timedelta(hours=4)}
        return QueuedRecipient.objects.create(message=message, address=address, next_hop=next_hop, **(later | values))

    return queued


def statuses():
    return list(QueuedRecipient.objects.order_by("id").values_list("status", flat=True))


def act(client, verb, *recipients):
    return client.post(
        reverse("queues:message-act"), {"verb": verb, "pk": [each.pk for each in recipients]}, follow=True
    )


def test_nothing_waiting_is_said(admin):
    assert "No mail is waiting." in admin.get(reverse("queues:list")).text


def test_a_queue_shows_status_error_and_its_messages(admin, queued):
    queued(subject="<script>alert(1)</script>")
    page = admin.get(reverse("queues:list")).text
    for text in ("[10.0.0.1]", "SmartHostConnectorDelivery", "Retry", "does not answer in time", "every 5s"):
        assert text in page
    assert "&lt;b&gt;no answer" in admin.get(reverse("queues:details", args=[SMART_HOST])).text
    (row,) = admin.get(reverse("queues:list")).context["table"]
    assert admin.get(row["url"]).status_code == 200
    messages = admin.get(row["open"]).text
    assert "bob@fabrikam.example" in messages
    assert "<script>alert" not in messages


def test_a_queue_without_error_shows_that_of_its_messages(admin, queued, hop):
    NextHop.objects.update(last_error="", retry_at=None)
    queued(last_error="451 4.2.0 Come back later")
    assert "451 4.2.0 Come back later" in admin.get(reverse("queues:list")).text


def test_the_next_attempt_waits_for_the_next_hop(admin, queued, hop):
    waiting = queued(due_at=timezone.now() - timedelta(minutes=1))
    pages = reverse("queues:message-details", args=[waiting.pk]), reverse("queues:message", args=[waiting.message_id])
    for url in pages:
        assert hop.retry_at.strftime("%Y-%m-%dT%H:%M:%S") in admin.get(url).text


def test_unreachable_mail_says_how_to_mend_it(admin, queued):
    NextHop.objects.create(key="unreachable", delivery_type="Unreachable", domain="Unreachable Domain", connector="")
    queued(next_hop="unreachable")
    for url in (reverse("queues:list"), reverse("queues:details", args=["unreachable"])):
        assert reverse("connectors:send-wizard") in admin.get(url).text


def test_messages_are_found_by_next_hop_and_by_text(admin, queued):
    queued("one@a.example", subject="First")
    queued("two@a.example", subject="Second", next_hop="mailbox")
    found = admin.get(reverse("queues:message-list"), {"next_hop": SMART_HOST}).text
    assert ("one@a.example" in found, "two@a.example" in found) == (True, False)
    assert "two@a.example" in admin.get(reverse("queues:message-list"), {"q": "second"}).text


def test_a_queue_is_retried_suspended_and_resumed(admin, queued, hop):
    queued()
    url = reverse("queues:act")
    asked = admin.post(url, {"verb": "suspend", "pk": hop.key}, follow=True)
    assert "1 queue?" in asked.text and not NextHop.objects.get().suspended
    admin.post(reverse("queues:ask"), {"verb": "suspend", "queue": hop.key, "reason": "their move", "ends": "60"})
    suspended = NextHop.objects.get()
    assert suspended.suspended and suspended.suspended_until > timezone.now() + timedelta(minutes=59)
    assert "their move" in admin.get(reverse("queues:list")).text
    admin.post(url, {"verb": "resume", "pk": hop.key})
    assert not NextHop.objects.get().suspended
    admin.post(url, {"verb": "retry", "pk": hop.key})
    assert NextHop.objects.get().retry_at is None
    assert QueuedRecipient.objects.get().due_at <= timezone.now()
    assert set(Entry.objects.values_list("verb", flat=True)) == {"suspended", "resumed", "retried"}


def test_a_queue_that_is_empty_by_now_is_no_matter_of_roles(admin, hop):
    for key in (hop.key, "submission"):
        answer = admin.post(reverse("queues:act"), {"verb": "retry", "pk": key}, follow=True)
        assert answer.status_code == 200 and "nothing of that kind waits there" in answer.text


def test_messages_are_suspended_resumed_and_retried(admin, queued):
    first, second = queued(), queued()
    assert "1 message to 1 recipient?" in act(admin, "suspend", first).text
    assert statuses() == ["ready", "ready"]
    confirmed = admin.post(reverse("queues:ask"), {"verb": "suspend", "pk": first.pk, "reason": "look"}, follow=True)
    assert "Suspended: 1 recipient." in confirmed.text
    assert statuses() == ["suspended", "ready"]
    act(admin, "resume", first)
    act(admin, "retry", second)
    assert statuses() == ["ready", "ready"]
    assert all(each.due_at <= timezone.now() for each in QueuedRecipient.objects.all())


@pytest.mark.parametrize(
    ("verb", "said", "reports"), [("with", "get a non-delivery report", 1), ("without", "nobody is told", 0)]
)
def test_removal_says_what_it_does_then_does_it(admin, queued, verb, said, reports):
    first, second = queued("one@a.example"), queued("two@a.example")
    asked = act(admin, f"remove-{verb}-ndr", first)
    assert said in asked.text
    assert "one@a.example" in asked.text
    assert statuses() == ["ready", "ready"]
    url, _status = asked.redirect_chain[-1]
    admin.post(url, {"verb": f"remove-{verb}-ndr", "pk": first.pk})
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("removed", "ready")
    assert Message.objects.filter(origin="generated").count() == reports


def test_after_a_removal_one_is_where_one_was(admin, queued, hop):
    recipient = queued()
    queue = "?" + urlencode({"next_hop": hop.key})
    here, there = reverse("queues:message-list") + queue, reverse("queues:message", args=[recipient.message_id])
    for place, come_from in [(reverse("queues:message-act") + queue, here), (there, there)]:
        asked = admin.post(place, {"verb": "remove-without-ndr", "pk": recipient.pk}, follow=True)
        assert asked.context["cancel_url"] == come_from
    removed = {"verb": "remove-without-ndr", "pk": recipient.pk}
    answer = admin.post(reverse("queues:ask"), removed | {"back": here})
    assert answer.url == here


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_after_a_removal_one_is_never_led_elsewhere(admin, queued, back):
    removed = {"verb": "remove-without-ndr", "pk": queued().pk, "back": back}
    assert admin.post(reverse("queues:ask"), removed).url == reverse("queues:list")


def test_a_whole_queue_is_removed(admin, queued, hop):
    for number in range(3):
        queued(f"{number}@a.example")
    asked = admin.post(reverse("queues:act"), {"verb": "remove-without-ndr", "pk": hop.key}, follow=True)
    assert "3 messages to 3 recipients?" in asked.text
    admin.post(reverse("queues:ask"), {"verb": "remove-without-ndr", "queue": hop.key})
    assert statuses() == ["removed"] * 3


def test_one_message_shows_everything_and_can_be_downloaded(admin, queued):
    recipient = queued(last_error="451 try later", remote_host="mx.a.example", attempts=2)
    page = admin.get(reverse("queues:message", args=[recipient.message_id])).text
    for text in ("&lt;1@x&gt;", "451 try later", "mx.a.example", "[10.0.0.1]"):
        assert text in page
    answer = admin.get(reverse("queues:message-file", args=[recipient.message_id]))
    assert b"".join(answer.streaming_content) == b"Subject: Hello\r\n\r\nbody\r\n"
    assert "attachment" in answer["Content-Disposition"]
    assert admin.get(reverse("queues:message", args=[uuid4()])).status_code == 404


def test_one_message_shows_each_attempt_with_its_conversation(admin, queued):
    found = queued(attempts=2).message
    Event.objects.all().delete()
    here, life = reverse("queues:message", args=[found.pk]), reverse("events:message", args=[found.pk])
    assert life not in admin.get(here).text
    Session.objects.create(
        session_id="0123456789ABCDEF", transport="t", connector="c", local_endpoint="l", remote_address="192.0.2.1",
        remote_port=1, started_at=timezone.now(), direction="send",
    )  # fmt: skip
    tls, mx1 = "TLSv1.3, not verified", "mx1.fabrikam.com [192.0.2.7]"
    happened(found, "RECEIVE", "bob@fabrikam.com")
    happened(found, "DEFER", "bob@fabrikam.com", statuses=["451 later"], host=mx1, session_id="0123456789ABCDEF")
    happened(found, "SEND", "bob@fabrikam.com", statuses=["250 Ok"], protection=tls, session_id="FFFFFFFFFFFFFFFF")
    page = admin.get(here).text
    for text in (life, "451 later", "250 Ok", mx1, tls, reverse("tracking:session", args=["0123456789ABCDEF"])):
        assert text in page, text
    assert page.index("250 Ok") < page.index("451 later")
    assert "FFFFFFFFFFFFFFFF" not in page and "RECEIVE" not in page


def test_a_subject_is_read_and_not_shown_as_it_travels(admin, queued):
    recipient = queued(subject="=?gb2312?B?6UA=?= =?utf-8?Q?f=C3=BCr?= =?iso-8859-1?Q?_=93Anna=94?=")
    pages = [
        reverse("queues:message-list"),
        reverse("queues:message-details", args=[recipient.pk]),
        reverse("queues:message", args=[recipient.message_id]),
        reverse("queues:ask") + f"?pk={recipient.pk}&verb=remove-with-ndr",
    ]
    for page in pages:
        text = admin.get(page).text
        assert "锧für “Anna”" in text and "=?" not in text.partition("<main")[2], page


def test_readers_see_the_queues_and_change_nothing(signed_in, queued, hop):
    recipient, reader = queued(), signed_in(Role.VIEW_ONLY)
    assert reader.get(reverse("queues:message-list")).status_code == 200
    assert "Remove, with NDR" not in reader.get(reverse("queues:list")).text
    assert act(reader, "suspend", recipient).status_code == 403
    assert reader.get(reverse("queues:export"), {"pk": recipient.pk}).status_code == 403
    assert reader.post(reverse("queues:act"), {"verb": "suspend", "pk": hop.key}).status_code == 403
    assert reader.get(reverse("queues:message-file", args=[recipient.message_id])).status_code == 403
    assert reader.post(reverse("queues:ask"), {"pk": recipient.pk}).status_code == 403
    assert statuses() == ["ready"]


def test_what_a_form_should_not_send_is_no_error_of_ours(admin, queued):
    queued()
    assert admin.get(reverse("queues:message-list"), {"q": "\x00", "next_hop": "\x00"}).status_code == 200
    for data in ({}, {"verb": "retry"}, {"verb": "retry", "pk": "x"}, {"verb": "remove-with-ndr", "pk": ["²", "-1"]}):
        assert admin.post(reverse("queues:message-act"), data).status_code == 302
    assert admin.post(reverse("queues:message-act"), {"verb": "explode", "pk": "1"}).status_code == 404
    assert admin.get(reverse("queues:details", args=["no/such"])).status_code == 404
    assert admin.get(reverse("queues:ask")).status_code == 404
    assert admin.get(reverse("queues:ask"), {"verb": "retry"}).status_code == 302


def test_a_message_leads_to_its_session_where_the_log_has_it(admin, queued):
    url = reverse("queues:message", args=[queued().message_id])
    link = reverse("tracking:session", args=["08D6"])
    assert link not in admin.get(url).text
    Session.objects.create(session_id="08D6", remote_port=1, started_at=timezone.now())
    assert link in admin.get(url).text


@pytest.mark.parametrize("page", ["queues:list", "queues:message-list"])
def test_thousands_of_queues_are_counted_at_most_once_for_a_page(signed_in, queued, page):
    """With 4,000 next hops the page counted everything two or three times, and took seconds."""
    for number in range(300):
        key = f"domain:Internet:d{number}.test"
        NextHop.objects.create(key=key, delivery_type="DnsConnectorDelivery", domain=f"d{number}.test", connector="I")
        queued(f"x@d{number}.test", next_hop=key)
    client = signed_in(Role.ORGANIZATION_MANAGEMENT)
    client.get(reverse("overview:home"))  # the top bar counts what needs attention once in a while
    with CaptureQueriesContext(connection) as asked:
        assert client.get(reverse(page)).status_code == 200
    counted = [each["sql"] for each in asked if "count(claimed_by)" in each["sql"]]
    assert len(counted) <= 1
    assert all("next_hop = '" not in sql for sql in counted)


def test_one_queue_is_found_without_counting_the_others(queued):
    queued()
    with CaptureQueriesContext(connection) as asked:
        found = queries.next_hop(SMART_HOST)
    assert (found.key, found.messages) == (SMART_HOST, 1)
    assert all(SMART_HOST in each["sql"] for each in asked)
    assert queries.next_hop("smarthost:nobody") is None


def test_messages_can_be_narrowed_to_the_next_hops_that_they_wait_for(signed_in, queued):
    NextHop.objects.create(key="domain:Internet:idle.test", delivery_type="", domain="idle.test", connector="Internet")
    queued(status="suspended")
    page = signed_in(Role.VIEW_ONLY).get(reverse("queues:message-list")).content.decode()
    assert SMART_HOST in page
    assert "idle.test" not in page


@pytest.mark.parametrize("key", ["\x00", "²", "pear", "9" * 5000])
def test_a_key_that_no_queued_mail_can_have_chooses_nothing(admin, queued, key):
    recipient = queued()
    for given in ({"pk": key}, {"queue": key}):
        assert admin.get(reverse("queues:ask"), {"verb": "retry", **given}).status_code < 400
        assert admin.post(reverse("queues:ask"), {"verb": "remove-without-ndr", **given}).status_code < 400
    message = reverse("queues:message", args=[recipient.message_id])
    assert admin.post(message, {"verb": "suspend", "pk": key}).status_code < 400
    assert QueuedRecipient.objects.get().status == recipient.status
