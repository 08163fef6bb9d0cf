from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from console.actors import SYSTEM, Role
from console.connectors import actions as connectors
from console.connectors.models import ReceiveConnector, SendConnector
from console.credentials.models import Credential
from console.directory import actions as directory
from console.directory.models import Recipient
from console.domains import actions as domains
from console.domains.models import AcceptedDomain
from console.overview import errors, queries
from console.publishing.models import ConfigRevision, Count, Traffic, Transport
from console.queues.models import Content, Message, NextHop, QueuedRecipient
from console.tracking.models import Session
from tests.console.builders import ADMIN, accepted_domain, send_connector
from tests.console.management_shell import waiting_mail
from tests.console.management_shell.waiting_mail import happened
from transport.config.send_connector import SmartHostAuth


def revision(number: int = 42) -> ConfigRevision:
    return ConfigRevision.objects.create(number=number, document="{}", checksum="", author="anna", comment="")


def transport(name: str = "mx1", revision: int | None = 42, **values: object) -> Transport:
    return Transport.objects.create(name=name, revision=revision, in_force_since=timezone.now(), **values)


def message(subject: str = "Hello", **values: object) -> Message:
    now = timezone.now()
    fixed = {"transport": "mx1", "connector": "Relay", "revision": 1, "session_id": "1", "client_address": "192.0.2.1"}
    fixed |= {"helo": "", "tls": False, "principal": "", "authenticated": False, "sender": "anna@a.example"}
    fixed |= {"message_id": "<1@a.example>", "size": 10, "body_type": "7BIT", "recipient_count": 1}
    return Message.objects.create(id=uuid4(), accepted_at=now, expires_at=now, subject=subject, **fixed | values)


def test_first_steps_are_ticked_when_somebody_did_them_and_stay_until_dismissed(admin: Client) -> None:
    domains.create(SYSTEM, accepted_domain("a.example"))
    text = admin.get("/").text
    assert "First steps" in text and "Name your domains" in text and "is-done" not in text
    domains.create(ADMIN, accepted_domain("b.example"))
    assert admin.get("/").text.count("is-done") == 1
    directory.add(ADMIN, "x@b.example", "X")
    message()
    assert admin.get("/").text.count("is-done") == 3
    admin.post(reverse("overview:dismiss-first-steps"))
    assert "First steps" not in admin.get("/").text


def test_saved_and_in_force_are_two_facts(admin: Client) -> None:
    revision(42)
    transport("mx1", 42)
    transport("mx2", 41)
    bar = admin.get("/revision-state").text
    assert "<b>42</b>" in bar
    assert "<b>1 of 2</b>" in bar
    assert "tone-warning" in bar
    page = admin.get("/").text
    assert "still revision 41" in page
    Transport.objects.update(revision=42)
    assert "tone-good" in admin.get("/revision-state").text


def test_no_transport_and_no_listener_are_said(admin: Client) -> None:
    revision()
    assert "in force nowhere" in admin.get("/revision-state").text
    words = "Cannot listen on 10.9.9.9:25: no network card has this address"
    problem = {"connector": "Relay", "binding": "10.9.9.9:25", "message": words}
    transport(problems=[problem])
    assert "one connector cannot listen" in admin.get("/revision-state").text
    assert words in admin.get("/").text


def test_a_problem_of_a_whole_transport_stands_above_all_connectors(admin: Client) -> None:
    transport(problems=[{"connector": "", "binding": "", "message": "Redis does not answer."}])
    revision()
    state = admin.get("/revision-state").text
    assert "a transport reports a problem" in state and "cannot listen" not in state
    text = admin.get("/").text
    assert ">All connectors</a></strong>" in text and "Redis does not answer." in text


def test_the_last_hour_is_added_up_minute_by_minute(admin: Client) -> None:
    minute = timezone.now().replace(second=0, microsecond=0)
    for name in ("mx1", "mx2"):
        for age in (5, 30, 90):
            at = minute - timedelta(minutes=age)
            Traffic.objects.create(transport=name, minute=at, connections=3, accepted=600, refused=1)
    answer = admin.get("/")
    totals = answer.context["totals"]
    assert (totals["connections"], totals["accepted"], totals["refused"]) == (12, 2400, 4)
    assert "2,400" in answer.text
    assert answer.text.count("data-step") == 60 and answer.text.count("<rect") == 4
    assert admin.get("/?range=24h").context["totals"]["accepted"] == 3600


@pytest.mark.parametrize(("span", "steps"), [("1h", 60), ("24h", 24), ("7d", 28), ("x", 60)])
def test_a_range_shows_what_there_was_most_of(admin: Client, span: str, steps: int) -> None:
    long_ago = timezone.now() - timedelta(days=8)
    for what, by, name, n in (
        ("refused", "rule", "relay_denied", 7), ("refused", "rule", "user_unknown", 9), ("connected", "client", "", 3),
        ("connected", "client", "192.0.2.9", 2), ("accepted", "sender", "anna@<b>.example", 1),
        ("delivered", "send connector", "Internet", 11), ("failed", "send connector", "Internet", 5),
    ):  # fmt: skip
        for at in (timezone.now().replace(second=0, microsecond=0), long_ago):
            Count.objects.create(what=what, by=by, name=name, at=at, n=n)
    answer = admin.get("/", {"range": span})
    assert answer.text.count("data-step") == steps
    assert (answer.context["totals"]["delivered"], answer.context["totals"]["failed"]) == (11, 5)
    rules = next(each.rows for each in answer.context["rankings"] if each.title == "Refusals by reason")
    assert [row.n for row in rules] == [9, 7] and rules[1].url == reverse("refusals:page", args=["relay_denied"])
    clients = next(each.rows for each in answer.context["rankings"] if each.title == "Clients")
    assert [(row.name, row.n) for row in clients] == [("192.0.2.9", 2), ("all others", 3)]
    senders = next(each.rows for each in answer.context["rankings"] if each.title == "Senders")
    assert (rules[0].unit, clients[0].unit, senders[0].unit) == ("refused", "connections", "message")
    assert "anna@&lt;b&gt;.example" in answer.text


def test_what_a_week_had_most_of_is_not_read_again_at_once(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "HELD_OF_AN_HOUR", 0.0)
    for n in (4, 5):
        Count.objects.create(what="delivered", by="send connector", name=f"Way {n}", at=timezone.now(), n=n)
        delivered = {span: admin.get("/", {"range": span}).context["totals"]["delivered"] for span in ("1h", "7d")}
    assert delivered == {"1h": 9, "7d": 4}
    monkeypatch.setattr(queries, "HELD", 0.0)
    assert admin.get("/?range=7d").context["totals"]["delivered"] == 9


def test_the_oldest_in_a_queue_is_said(admin: Client) -> None:
    assert admin.get("/").context["oldest"] is None
    long_ago = timezone.now() - timedelta(hours=2)
    waiting_mail.message(accepted_at=long_ago)
    answer = admin.get("/")
    assert answer.context["oldest"] == long_ago and "the oldest since" in answer.text


def test_queue_length_counts_messages_that_wait(admin: Client) -> None:
    _delivered, small, large = message(), message(), message()
    for mail, number in ((small, 0), (large, 0), (large, 1)):
        Content.objects.create(message_id=mail.pk, number=number, chunk=b"")
    assert admin.get("/").context["waiting"] == 2


def test_htmx_gets_the_live_part_only(admin: Client) -> None:
    text = admin.get("/", headers={"HX-Request": "true", "HX-Target": "overview"}).text
    assert "<html" not in text
    assert "Connections" in text


def found(client: Client, text: str) -> str:
    return client.get("/search", {"q": text}).text


def test_search_finds_every_kind(admin: Client) -> None:
    ReceiveConnector.objects.create(name="Printers", bindings=["10.2.3.4:25"])
    SendConnector.objects.create(name="Out to partner", smart_hosts=["relay.partner.example"])
    AcceptedDomain.objects.create(name="Main", domain_name="contoso.example")
    Recipient.objects.create(address="anna@contoso.example", change_number=1)
    happened(message("Invoice 4711"), "RECEIVE", "zoe@far.example")
    now = timezone.now()
    common = {"transport": "mx1", "connector": "Printers", "local_endpoint": "", "remote_port": 1, "started_at": now}
    Session.objects.create(session_id="08D6", remote_address="203.0.113.7", search="203.0.113.7 hp-mfp-2", **common)
    assert "Printers" in found(admin, "10.2.3.4")
    assert "Out to partner" in found(admin, "relay.partner")
    both = found(admin, "contoso")
    assert "Accepted domains" in both
    assert "anna@contoso.example" in both
    assert "08D6" in found(admin, "HP-MFP")
    for text in ("4711", "zoe@far", str(Message.objects.get().pk)):
        assert "Invoice 4711" in found(admin, text)
    assert "Nothing found." in found(admin, "zebra")
    assert "Finds connectors by name" in found(admin, " ")


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "'; DROP TABLE x; --", "%", "\\", "ü" * 500, "a\0b"])
def test_search_takes_any_text(admin: Client, text: str) -> None:
    answer = admin.get("/search", {"q": text})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


def test_the_feature_pane_has_what_the_role_may_use(signed_in: Callable[..., Client], admin: Client) -> None:
    assert "Administrators" in admin.get("/").text
    viewer = signed_in(Role.VIEW_ONLY).get("/").text
    assert "Administrators" not in viewer
    assert "Change history" in viewer


def test_an_unknown_page_and_a_refusal_look_like_the_console(admin: Client, signed_in: Callable[..., Client]) -> None:
    missing = admin.get("/nowhere")
    assert missing.status_code == 404
    assert "There is nothing here" in missing.text
    assert "Change history" in missing.text
    assert "There is nothing here" in Client().get("/nowhere").text
    refused = signed_in(Role.VIEW_ONLY).get("/administration/admin-roles/")
    assert "This needs the role Organization Management." in refused.text


def test_a_failure_asks_nothing_of_the_database() -> None:
    request = RequestFactory().get("/")
    for answer, code in ((errors.failed(request), 500), (errors.bad_request(request, ValueError()), 400)):
        assert answer.status_code == code
        assert "Gatepost" in answer.content.decode()


def test_a_form_without_its_token_is_refused_in_words(db: None) -> None:
    answer = Client(enforce_csrf_checks=True).post("/account/sign-in", {"username": "a", "password": "b"})
    assert answer.status_code == 403
    assert "This form is too old" in answer.text


def test_pages_carry_a_strict_policy_and_nothing_inline(admin: Client) -> None:
    revision()
    transport()
    for page in ("/", "/search?q=x", "/administration/admin-roles/new", "/administration/change-history/"):
        answer = admin.get(page)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert " style=" not in answer.text
        assert "<style" not in answer.text
        assert "onclick=" not in answer.text
        assert all("src=" in tag or "type=" in tag for tag in answer.text.split("<script")[1:])


def test_no_browser_keeps_a_page(admin: Client) -> None:
    for page in ("/", "/administration/change-history/", "/search?q=x"):
        assert "no-store" in admin.get(page).headers["Cache-Control"]


@pytest.mark.parametrize(
    ("days", "words"), [(20, "ends in 20 days"), (1, "ends in 1 day"), (-1, "of this credential has ended")]
)
def test_a_secret_that_ends_needs_attention_while_a_connector_signs_in_with_it(
    admin: Client, days: int, words: str
) -> None:
    ends = timezone.localdate() + timedelta(days=days)
    Credential.objects.create(name="Mailbox", kind="Password", user_name="anna", encrypted="", secret_ends=ends)
    assert words not in admin.get("/").text, "nothing signs in with it"
    connectors.create(
        ADMIN,
        send_connector(
            "Cloud", dns_routing_enabled=False, smart_hosts=("smtp.contoso.com",), require_tls=True,
            smart_host_auth_mechanism=SmartHostAuth.BasicAuthRequireTLS, authentication_credential=("mailbox",),
        ),
    )  # fmt: skip
    text = admin.get("/").text
    assert words in text and "Cloud" in text
    Credential.objects.update(secret_ends=timezone.localdate() + timedelta(days=31))
    assert words not in admin.get("/").text


def test_mail_in_trouble_needs_attention(admin: Client) -> None:
    long_ago = timezone.now() - timedelta(hours=2)
    waiting_mail.message()
    assert "fabrikam.com" not in admin.get("/").text
    NextHop.objects.update(last_error="[Errno 111] Connection refused", failing_since=long_ago)
    text = admin.get("/").text
    assert "could be delivered to it for more than an hour" in text and "Nothing listens at this address" in text
    NextHop.objects.update(failing_since=None, last_error="")
    waiting_mail.message("eve@tailspin.example", hop="domain:Internet:tailspin.example", accepted_at=long_ago)
    assert "waits for more than an hour" in admin.get("/").text
    NextHop.objects.update(suspended=True)
    assert "waits for more than an hour" not in admin.get("/").text, "somebody holds it back"
    NextHop.objects.create(key="poison", delivery_type="Undefined", domain="Poison Message", connector="")
    QueuedRecipient.objects.update(next_hop="poison", status="suspended")
    assert "set it aside" in admin.get("/").text


def test_a_search_says_where_it_shows_no_more(admin: Client) -> None:
    for number in range(10):
        assert "shown here" not in admin.get(reverse("overview:search"), {"q": "kunde"}).text
        waiting_mail.happened(waiting_mail.message(f"r{number}@kunde.example"), "RECEIVE")
    assert "At most 10 are shown here." in admin.get(reverse("overview:search"), {"q": "kunde"}).text


def test_waiting_mail_is_found_by_its_recipient(admin: Client) -> None:
    found = waiting_mail.message("r4081@kunde083.example")
    waiting_mail.happened(found, "RECEIVE")
    assert (
        reverse("queues:message", args=[found.pk]) in admin.get(reverse("overview:search"), {"q": "r4081@kunde"}).text
    )
