"""An administrator acts on queues while they move: nothing is lost, nothing comes twice, and memory stays flat."""

from __future__ import annotations

import io
import threading
import tracemalloc
import zipfile
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from console.actors import SYSTEM
from console.audit.models import Entry
from console.processes.address import free_port
from console.queues import actions, queries, zipping
from console.queues.models import Content, Flow, Message, NextHop, QueuedRecipient
from console.queues.remedies import REMEDIES, in_words, remedy_for
from console.queues.selection import Selection
from console.tracking.models import Event
from tests.deliver.conftest import HEADER, closed_pool, configure, deliver, forward, journal, query, queued, sink
from transport.config.address_space import AddressSpace
from transport.config.send_connector import SendConnector
from transport.deliver import keeping, routing
from transport.flow import FLOW

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["closed_pool", "configure", "deliver", "forward", "journal", "query", "queued", "sink"]
HOP = "smarthost:Out"


def ids():
    return list(QueuedRecipient.objects.filter(status="ready").order_by("id").values_list("pk", flat=True))


@pytest.fixture
def in_the_middle(sink):
    """The next hop waits at the end of a message until the test says go on."""
    reached, go_on = threading.Event(), threading.Event()

    def behave(line, number):
        if line == ".":
            reached.set()
            go_on.wait(20)
        return None

    sink.behave = behave
    return reached, go_on


def delivering(deliver):
    thread = threading.Thread(target=deliver)
    thread.start()
    return thread


def test_what_is_suspended_during_its_delivery_goes_on_and_the_rest_waits(
    queued, deliver, configure, sink, in_the_middle
):
    configure(max_messages_per_connection=1)
    queued("one@far.test")
    reached, go_on = in_the_middle
    thread = delivering(deliver)
    assert reached.wait(20)
    actions.suspend(SYSTEM, HOP, "look at it", timezone.now() + timedelta(hours=1))
    queued("two@far.test")
    assert queries.next_hop(HOP).suspended_for == "look at it"
    go_on.set()
    thread.join(30)
    deliver()
    assert [each.recipients for each in sink.arrived] == [["one@far.test"]]
    actions.resume(SYSTEM, HOP)
    deliver()
    assert [each.recipients for each in sink.arrived] == [["one@far.test"], ["two@far.test"]]


def test_what_is_removed_during_its_delivery_arrives_once_and_is_not_removed(
    queued, deliver, configure, sink, in_the_middle
):
    configure()
    queued("one@far.test")
    chosen = ids()
    reached, go_on = in_the_middle
    thread = delivering(deliver)
    assert reached.wait(20)
    assert actions.remove_recipients(SYSTEM, chosen) == 0
    assert actions.redirect_recipients(SYSTEM, chosen, address="other@far.test") == 0
    go_on.set()
    thread.join(30)
    assert len(sink.arrived) == 1
    assert QueuedRecipient.objects.get().status == "delivered"
    assert queries.ledger().balances


def test_a_suspension_ends_by_itself(queued, deliver, configure, sink):
    configure()
    queued("one@far.test", "two@far.test")
    past, future = timezone.now() - timedelta(seconds=1), timezone.now() + timedelta(hours=1)
    actions.suspend(SYSTEM, HOP, "", past)
    actions.suspend_recipients(SYSTEM, ids()[:1], "wait", future)
    assert keeping.resume_ended() == 1
    deliver()
    assert len(sink.arrived) == 1
    QueuedRecipient.objects.filter(status="suspended").update(held_until=past)
    assert keeping.resume_ended() == 1
    deliver()
    assert len(sink.arrived) == 2
    assert set(QueuedRecipient.objects.values_list("held_for", "held_until")) == {("", None)}


def test_redirected_to_another_connector_it_stays_there_whatever_the_settings_say(queued, deliver, configure, sink):
    def named(name, port, space):
        return SendConnector(name=name, address_spaces=(AddressSpace(space),), dns_routing_enabled=False,
                             smart_hosts=("[127.0.0.1]",), port=port)  # fmt: skip

    dead, way_around = named("Out", free_port(), "*"), named("Way around", sink.port, "around.test")
    configure(connectors=(dead, way_around))
    queued("one@far.test")
    deliver()
    with pytest.raises(ValidationError, match="no enabled Send connector"):
        actions.redirect_recipients(SYSTEM, ids(), connector="No such")
    assert actions.redirect_recipients(SYSTEM, ids(), connector="Way around") == 1
    assert routing.reroute() == 0
    assert QueuedRecipient.objects.get().next_hop == "smarthost:Way around"
    assert Event.objects.get(event="REDIRECT").statuses == ["to [127.0.0.1] through Way around"]
    deliver("smarthost:Way around")
    assert [each.recipients for each in sink.arrived] == [["one@far.test"]]


def test_what_was_redirected_is_routed_anew_when_it_is_resubmitted_or_the_connector_is_gone(queued, configure, sink):
    other = SendConnector(name="Other", address_spaces=(AddressSpace("other.test"),), dns_routing_enabled=False,
                          smart_hosts=("[127.0.0.1]",), port=sink.port)  # fmt: skip
    out = SendConnector(name="Out", address_spaces=(AddressSpace("*"),), dns_routing_enabled=False,
                        smart_hosts=("[127.0.0.1]",), port=sink.port)  # fmt: skip
    configure(connectors=(out, other))
    queued("one@far.test", "two@far.test")
    actions.redirect_recipients(SYSTEM, ids(), connector="Other")
    assert actions.resubmit_recipients(SYSTEM, ids()[:1]) == 1
    assert set(QueuedRecipient.objects.values_list("next_hop", flat=True)) == {HOP, "smarthost:Other"}
    configure(connectors=(out,))
    routing.reroute()
    assert set(QueuedRecipient.objects.values_list("next_hop", "pinned")) == {(HOP, False)}


def test_a_report_about_redirected_mail_names_whom_the_sender_wrote_to(queued, deliver, configure, sink, query):
    configure()
    queued("bob@far.test")
    actions.redirect_recipients(SYSTEM, ids(), address="eve@far.test")
    sink.behave = lambda line, n: "550 5.1.1 nobody" if line.startswith("RCPT") else None
    deliver()
    (report,) = Message.objects.filter(origin="generated")
    assert [str(each.pk) for each in queries.reports_about(report.about)] == [str(report.pk)]
    said = b"".join(queries.content(report.pk))
    assert b"Original-Recipient: rfc822;bob@far.test" in said and b"Final-Recipient: rfc822;eve@far.test" in said


def test_rates_are_told_by_who_delivers_and_who_forwards(queued, deliver, configure):
    configure()
    connection.ensure_connection()
    FLOW.tell(connection.connection, every=0.0)
    Flow.objects.all().delete()
    queued("one@far.test", "two@far.test", "three@far.test")
    deliver()
    FLOW.tell(connection.connection, every=0.0)
    queue = queries.next_hop(HOP)
    assert (round(queue.came * 60), round(queue.went * 60), queue.velocity) == (3, 3, 0)
    keeping.forget_flow()
    assert queries.next_hop(HOP).came, "the last two minutes stay"


def test_a_large_message_and_many_are_exported_with_little_memory(journal, forward, configure):
    configure()
    whole = journal.accept_large("bob@far.test", 30_000_000)
    forward()
    for number in range(20):
        journal.accept("bob@far.test", content=HEADER + b"number %d\r\n" % number)
    forward()
    rows = queries.waiting_recipients(HOP)
    message = Message.objects.get(size=len(whole))
    list(actions.export(SYSTEM, message.pk))
    tracemalloc.start()
    taken = sum(len(piece) for piece in actions.export(SYSTEM, message.pk))
    zipped = 0
    for piece in actions.export_several(SYSTEM, rows):
        zipped += len(piece)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken == len(whole)
    assert zipped and most < 8_000_000
    with zipfile.ZipFile(io.BytesIO(b"".join(actions.export_several(SYSTEM, rows)))) as archive:
        assert len(archive.namelist()) == 21
        assert archive.read(f"{message.pk}.eml") == whole
        assert archive.testzip() is None
    assert Entry.objects.filter(verb="exported").exists()


def test_a_zip_leaves_out_what_was_delivered_meanwhile():
    files = [("a.eml", iter([b"one"])), ("gone.eml", iter(())), ("b.eml", iter([b"two", b"three"]))]
    with zipfile.ZipFile(io.BytesIO(b"".join(zipping.zipped(files)))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {"a.eml": b"one", "b.eml": b"twothree"}


def test_all_that_match_are_acted_on_and_no_more_than_were_told(admin, queued, configure):
    configure()
    queued(*(f"u{number}@far.test" for number in range(60)))
    queued("other@x.test")
    chosen = {"verb": "remove-without-ndr", "all": "messages", "q": "far.test"}
    asked = admin.post(reverse("queues:message-act") + "?q=far.test", {"verb": chosen["verb"], "all": "messages"},
                       follow=True)  # fmt: skip
    assert "60 messages to 60 recipients?" in " ".join(asked.text.split())
    queued("late@far.test")
    again = admin.post(reverse("queues:ask"), chosen | {"count": "60"})
    assert again.status_code == 422 and "61" in again.text
    assert not QueuedRecipient.objects.filter(status="removed").exists()
    admin.post(reverse("queues:ask"), chosen | {"count": "61"})
    assert QueuedRecipient.objects.filter(status="removed").count() == 61
    assert QueuedRecipient.objects.get(status="ready").address == "other@x.test"


def test_a_selection_survives_being_sent():
    for text in ("pk=1&pk=2", "queue=a&queue=b%26c", "all=messages&q=x+y&status=Retry", "all=queues&status=Suspended"):
        first = Selection(QueryDict(text))
        again = QueryDict(mutable=True)
        for name, value in first.pairs():
            again.appendlist(name, value)
        assert list(Selection(again).pairs()) == list(first.pairs())


@pytest.mark.parametrize("view", ["text", "headers", "source", "html"])
def test_who_may_read_a_waiting_message_reads_it_and_that_is_written_down(admin, queued, configure, view):
    configure()
    queued(
        "bob@far.test", content=HEADER[:-2] + b"Content-Type: text/html\r\n\r\n<p>figures<script>x()</script></p>\r\n"
    )
    message = Message.objects.get()
    page = admin.get(reverse("queues:message", args=[message.pk]), {"view": view})
    assert page.status_code == 200 and "<script>x()" not in page.text
    if view == "html":
        frame = admin.get(reverse("queues:message-html", args=[message.pk]))
        assert "figures" in frame.text and "x()" not in frame.text
    else:
        assert ("Figures" if view == "headers" else "figures") in page.text
    assert Entry.objects.filter(verb="read", object_name=str(message.pk)).exists()


def test_every_remedy_is_found_and_an_error_is_told_in_words():
    assert in_words("mx.test: [Errno 111] Connection refused") == "mx.test: Connection refused"
    assert remedy_for("") is None and remedy_for("250 fine") is None
    found = {remedy_for(error) for error in ERRORS}
    assert None not in found and found == set(REMEDIES)


ERRORS = (
    "A matching connector cannot be found to route the external recipient",
    "mx.test: [Errno 111] Connection refused", "mx.test: [Errno 113] No route to host", "mx.test: timed out",
    "451 4.4.0 DNS query failed: no address found for the hosts of x.test",
    "451 4.4.4 mx.test leads to 10.0.0.1, which no range of the Send connector allows",
    "No access token for “Cloud”: invalid_client",
    "No access token for “Goo”: unauthorized_client: Client is unauthorized to retrieve access tokens",
    "535 5.7.8 Authentication unsuccessful", "530 5.7.57 Client not authenticated",
    "the certificate is for another name", "450 4.2.0 Greylisted, come back", "421 4.7.0 Too many connections",
    "554 5.7.1 blocked using zen.spamhaus.org", "452 4.2.2 Mailbox full", "452 4.3.1 Insufficient system resources",
    "552 5.3.4 Message size exceeds fixed limit", "451 4.3.0 ZeroDivisionError: a bug",
)  # fmt: skip


def test_content_is_not_kept_for_what_was_removed(queued, configure):
    configure()
    queued("one@far.test")
    actions.remove_recipients(SYSTEM, ids(), with_ndr=False)
    assert not Content.objects.exists() and NextHop.objects.filter(pk=HOP).exists()
