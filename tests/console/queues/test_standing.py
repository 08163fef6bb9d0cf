"""What a queue is up against stands on each of its messages; and nothing that nobody sends is called ready."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from console.connectors.models import ReceiveConnector, SendConnector
from console.queues import queries
from console.queues.models import RESTORED, Hold, Lease, NextHop, QueuedRecipient
from console.queues.selection import WORDS, messages_matching
from console.tracking.models import Session
from console.transport_settings.models import TransportLimits
from tests.console.management_shell.shell import Shell
from tests.console.management_shell.waiting_mail import HOP, message

pytestmark = pytest.mark.django_db
REFUSED = "127.0.0.1:4999: [Errno 111] Connection refused"
SOON, LATER = timedelta(minutes=5), timedelta(hours=1)


def standing():
    (found,) = queries.standings(list(QueuedRecipient.objects.select_related("message")))
    return found


def fails(**values):
    now = timezone.now()
    facts = {"last_error": REFUSED, "retry_count": 6, "retry_at": now + SOON, "failing_since": now - LATER}
    NextHop.objects.filter(pk=HOP).update(**(facts | values))


def asked(client, page, *args):
    return client.get(reverse(page, args=args)).text


def called_ready(page):
    """Something on the page is, besides the choice of a filter."""
    return ">Ready<" in page.replace('<option value="Ready">Ready<', "")


def test_a_queue_of_which_each_message_is_suspended_is_not_ready(admin):
    message("bob@fabrikam.com", "eve@fabrikam.com")
    QueuedRecipient.objects.update(status="suspended", held_for="look at it")
    queue = queries.next_hop(HOP)
    assert (queue.status, queue.resting, queue.next_retry_at) == ("Suspended", 2, None)
    page = asked(admin, "queues:list")
    assert "Each of its messages is suspended" in page and "2 suspended" in page and not called_ready(page)
    QueuedRecipient.objects.filter(address="eve@fabrikam.com").update(status="ready")
    assert queries.next_hop(HOP).status == "Ready" and "1 suspended" in asked(admin, "queues:list")
    QueuedRecipient.objects.filter(status="ready").update(due_at=timezone.now() + SOON)
    assert queries.next_hop(HOP).status == "Retry"


def test_a_message_that_was_not_tried_stands_as_its_queue_does(admin):
    waiting = message()
    assert (standing().status, standing().error) == ("Ready", "")
    fails()
    assert standing().status == "Retry" and standing().error == REFUSED
    assert standing().next_attempt == NextHop.objects.get().retry_at
    key = QueuedRecipient.objects.get().pk
    for page, arg in (("queues:message-list", ()), ("queues:message-details", [key]), ("queues:message", [waiting.pk])):
        text = asked(admin, page, *arg)
        assert "Nothing listens at this address and port." in text, page
        assert "Errno" not in text and not called_ready(text), page
    assert "6 of its queue" in asked(admin, "queues:message", waiting.pk)
    shown = Shell().run("Get-Message | fl Status,LastError")
    assert "Retry" in shown and ": 127.0.0.1:4999: Connection refused" in shown


def test_what_its_connector_is_held_up_by_holds_the_message(admin):
    NextHop.objects.all().delete()
    message()
    Hold.objects.create(connector="Internet", account="", words="535 5.7.8 no", is_fault=True, made_for="x")
    assert standing().status == "Retry" and standing().error == "535 5.7.8 no" and standing().next_attempt is None
    assert "does not take user name and password" in asked(admin, "queues:message-list")


def test_a_suspended_queue_suspends_its_messages_and_says_why(admin):
    waiting = message()
    NextHop.objects.update(suspended=True, suspended_for="their move", suspended_until=timezone.now() + LATER)
    assert standing().status == "Suspended" and standing().next_attempt is None
    assert "their move" in asked(admin, "queues:message-list")
    page = asked(admin, "queues:message", waiting.pk)
    assert "with its queue" in page and "their move" in page


def test_one_of_suspend_and_resume_is_offered(admin):
    message()
    for status, offered, other in (("ready", "suspend", "resume"), ("suspended", "resume", "suspend")):
        QueuedRecipient.objects.update(status=status)
        key = QueuedRecipient.objects.get().pk
        page = admin.get(reverse("queues:message-details", args=[key]), headers={"HX-Target": "details"}).text
        assert f'value="{offered}"' in page and f'value="{other}"' not in page


def states():
    """Waiting recipients in every state there is."""
    soon = timezone.now() + SOON
    hops = {
        "a": {}, "b": {"retry_at": soon}, "c": {"suspended": True}, "d": {"kept": True}, "e": {"connector": "Held"},
        "f": {"suspended": True, "kept": True, "retry_at": soon},
    }  # fmt: skip
    Hold.objects.create(connector="Held", account="", words="quota", is_fault=False, made_for="x")
    Hold.objects.create(connector="Internet", account="one", words="this account only", is_fault=False, made_for="x")
    for hop, facts in hops.items():
        message("now@x.test", "later@x.test", "taken@x.test", "rests@x.test", "back@x.test", hop=hop)
        NextHop.objects.filter(pk=hop).update(**facts)
    QueuedRecipient.objects.filter(address="later@x.test").update(due_at=soon)
    QueuedRecipient.objects.filter(address="taken@x.test").update(claimed_by=1)
    QueuedRecipient.objects.filter(address="rests@x.test").update(status="suspended")
    QueuedRecipient.objects.filter(address="back@x.test").update(status="suspended", held_for=RESTORED)


def test_the_filter_finds_what_the_list_calls_so(rf):
    states()
    every = queries.standings(list(QueuedRecipient.objects.select_related("message")))
    assert {each.status for each in every} == set(WORDS) - {"Restored"}
    for word in WORDS:
        found = messages_matching(rf.get("/", {"status": word}).GET)
        assert {each.pk for each in found} == {each.pk for each in every if word in names(each)}, word


def names(each):
    """What a message is called; one out of a backup has both."""
    return {each.status, "Restored"} if each.recipient.held_for == RESTORED else {each.status}


def test_a_message_leads_to_its_queue_its_connectors_and_its_session(admin):
    waiting = message(connector="Anonymous Relay")
    sends = SendConnector.objects.create(name="Internet")
    receives = ReceiveConnector.objects.create(name="Anonymous Relay")
    Session.objects.create(session_id=waiting.session_id, remote_port=1, started_at=timezone.now())
    links = (
        reverse("queues:details", args=[HOP]), reverse("connectors:send-details", args=[sends.pk]),
        reverse("connectors:receive-details", args=[receives.pk]),
        reverse("tracking:session", args=[waiting.session_id]),
    )  # fmt: skip
    key = QueuedRecipient.objects.get().pk
    for page in (asked(admin, "queues:message-details", key), asked(admin, "queues:message", waiting.pk)):
        for link in links:
            assert f'href="{link}"' in page and admin.get(link).status_code == 200, link


def test_resuming_a_message_of_a_suspended_queue_says_what_is_missing():
    message()
    NextHop.objects.update(suspended=True)
    QueuedRecipient.objects.update(status="suspended")
    shell = Shell()
    shell.run("Get-Message | Resume-Message")
    assert "its queue is suspended, see Resume-Queue" in shell.warnings[0]
    assert QueuedRecipient.objects.get().status == "ready"


def test_mail_that_gets_no_connection_says_which_limit_keeps_it(admin):
    """The queue was called ready, with no word of why nothing left."""
    message()
    other = {"worker": 1, "number": 0, "hop": "smart-host:Partner", "is_strangers": False}
    Lease.objects.create(connector="Partner", **other)
    assert "in use" not in asked(admin, "queues:list")
    TransportLimits.objects.update_or_create(pk=1, defaults={"max_outbound_connections": 1})
    said = "All connections to other servers are in use: 1 at one time."
    assert said in asked(admin, "queues:list") and said in asked(admin, "queues:details", HOP)
    SendConnector.objects.create(name="Internet", max_outbound_connections=1)
    Lease.objects.update(connector="Internet")
    assert "All connections of its Send connector are in use: 1 at one time." in asked(admin, "queues:list")
    Lease.objects.update(hop="")
    assert "in use" not in asked(admin, "queues:list")


def test_the_details_of_kept_mail_say_what_it_waits_for(admin):
    """Only the list said so: the details showed a status and nothing else."""
    message()
    NextHop.objects.filter(pk=HOP).update(kept=True, connector="", delivery_type="PickUpDelivery")
    assert (
        "It is kept until its server asks for it." in asked(admin, "queues:details", HOP).partition('id="details"')[2]
    )
