"""How each delivery was protected: written down with the recipient, and never in the clear without a word."""

import ssl

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from console.actors import Role
from console.management_shell.cmdlets import message_tracking, messages
from console.queues import queries
from console.queues.models import Message, NextHop
from console.tracking import queries as tracking
from tests.deliver.test_delivery import STATUS
from tests.deliver.tls_hop import AUTHORITY
from tests.shell.certificates import certificate
from transport.deliver import smtp_connection

pytestmark = pytest.mark.django_db(transaction=True)
PROTECTION = "SELECT DISTINCT protection FROM queues_recipient WHERE address LIKE '%far.test'"


@pytest.mark.parametrize("host", ["[127.0.0.1]", "127.0.0.1"])
def test_an_address_is_no_server_name(queued, deliver, configure, hop, query, host):
    server = hop(certificate())
    configure(smart_hosts=(host,), port=server.port)
    queued("bob@far.test")
    deliver()
    assert [tls for tls, _ in server.handler.arrived] == [True]
    assert set(server.names) == {None}
    ((protection,),) = query(PROTECTION)
    assert protection.startswith("TLSv1.3, TLS_") and protection.endswith("not verified (self-signed certificate)")


def test_a_name_is_sent_and_verified(queued, deliver, configure, hop, query):
    server = hop(AUTHORITY.certificate("localhost"))
    configure(smart_hosts=("localhost",), port=server.port)
    queued("bob@far.test")
    deliver()
    assert set(server.names) == {"localhost"}
    ((protection,),) = query(PROTECTION)
    assert protection.endswith(", certificate verified")
    assert query("SELECT remote_host FROM queues_recipient") == [("localhost [127.0.0.1]",)]


@pytest.mark.parametrize(
    ("carried", "why"),
    [
        (AUTHORITY.certificate("localhost", days=-1), "certificate has expired"),
        (certificate("localhost"), "self-signed certificate"),
    ],
)
def test_why_a_certificate_is_not_verified_is_said_and_learnt_once(
    queued, deliver, configure, hop, query, carried, why
):
    server = hop(carried)
    configure(smart_hosts=("localhost",), port=server.port)
    for number in range(2):
        queued(f"u{number}@far.test")
        deliver()
    assert [tls for tls, _ in server.handler.arrived] == [True, True]
    assert len(server.names) == 3, "one handshake that verifies, and then one for each connection"
    ((protection,),) = query(PROTECTION)
    assert f"certificate not verified ({why}" in protection


def test_for_whom_a_certificate_is_that_is_not_the_hosts_is_said(queued, deliver, configure, hop, query):
    server = hop(AUTHORITY.certificate("other.test"))
    configure(smart_hosts=("localhost",), port=server.port)
    queued("bob@far.test")
    deliver()
    assert len(server.names) == 1
    ((protection,),) = query(PROTECTION)
    assert protection.endswith("certificate not verified (it is for other.test, not for localhost)")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_a_handshake_that_fails_is_a_delivery_in_the_clear_with_its_reason(queued, deliver, configure, hop, query):
    server = hop(certificate(), maximum_version=ssl.TLSVersion.TLSv1_1)
    configure(port=server.port)
    queued("bob@far.test")
    deliver()
    assert [tls for tls, _ in server.handler.arrived] == [False]
    ((protection,),) = query(PROTECTION)
    assert protection.startswith("In the clear: ") and len(protection) > len("In the clear: ")


def test_starttls_that_is_not_offered_is_said(sent, sink, query):
    sent()
    assert query(PROTECTION) == [("In the clear: STARTTLS is not offered",)]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("454 4.7.0 TLS not available", "STARTTLS was answered 454 4.7.0 TLS not available"),
        ("502 5.5.1 what?", "STARTTLS was answered 502 5.5.1 what?"),
        ("220 go ahead", "wrong version number"),
        ("drop", "the connection was closed without a reply"),
    ],
)
def test_starttls_that_does_not_work_is_said(sent, sink, query, answer, why):
    """After 220 this host goes on in clear text."""
    sink.extensions = ("STARTTLS", "PIPELINING")
    sink.behave = lambda line, n: answer if line == "STARTTLS" else "500 5.5.2 what?" if line[:1] == "\x16" else None
    sent()
    assert len(sink.arrived) == 1
    assert query(PROTECTION) == [(f"In the clear: {why}",)]


def test_a_host_that_says_more_before_the_handshake_gets_no_mail(sent, sink, query):
    """Somebody between us put it there (RFC 3207 §6); in the clear he would read the message."""
    sink.extensions = ("STARTTLS",)
    sink.behave = lambda line, n: "220 go ahead\r\n250 injected" if line == "STARTTLS" else None
    sent()
    assert not sink.arrived
    ((error,),) = query("SELECT last_error FROM queues_nexthop")
    assert "more than a reply came before the TLS handshake" in error


def test_a_handshake_that_hangs_is_given_up_and_said(queued, deliver, configure, sink, query, monkeypatch):
    monkeypatch.setattr(smtp_connection, "CONNECT", 0.3)
    sink.extensions = ("STARTTLS",)
    sink.behave = lambda line, n: "220 go ahead" if line == "STARTTLS" else None
    configure()
    queued("bob@far.test")
    deliver()
    assert query(PROTECTION)[0][0].startswith("In the clear: ")


@pytest.mark.parametrize("answer", ["450 4.2.0 later", "550 5.1.1 no"])
def test_an_attempt_that_failed_has_its_protection_too(sent, sink, query, answer):
    sink.behave = lambda line, n: answer if line.startswith("RCPT") else None
    sent()
    assert query(PROTECTION) == [("In the clear: STARTTLS is not offered",)]
    assert query(STATUS)[0][3] == answer


def test_it_is_shown_with_the_message(sent, sink, client):
    sink.behave = lambda line, n: "450 4.2.0 later" if "eve" in line else None
    sent("bob@far.test", "eve@far.test")
    found = Message.objects.get(origin="received")
    shown = "In the clear: STARTTLS is not offered"
    user = User.objects.create_user("reader")
    user.groups.set([Group.objects.get_or_create(name=Role.VIEW_ONLY.value)[0]])
    client.force_login(user)
    page = client.get(reverse("queues:message", args=[found.pk])).content.decode()
    assert page.count(shown) == 4, "for each recipient, and for each attempt"
    (waiting,) = messages.queued(queries.waiting_recipients())
    details = client.get(reverse("queues:message-details", args=[waiting.recipients[0].pk]))
    assert shown in details.content.decode()
    assert messages.record(waiting, NextHop.objects.in_bulk()).get("Protection") == shown
    events = [message_tracking.record(each) for each in tracking.life(found.pk)]
    assert sorted((each.get("EventId"), shown in str(each.get("SourceContext"))) for each in events) == [
        ("DEFER", True), ("RECEIVE", False), ("SEND", True),
    ]  # fmt: skip
    attempts = tracking.attempts(found.pk)
    assert sorted((each.recipient, each.event, each.status, each.protection) for each in attempts) == [
        ("bob@far.test", "SEND", "250 2.0.0 Ok", shown), ("eve@far.test", "DEFER", "450 4.2.0 later", shown),
    ]  # fmt: skip
    life = client.get(reverse("events:message", args=[found.pk])).content.decode()
    assert life.count(shown) == 2 and "450 4.2.0 later" in life
