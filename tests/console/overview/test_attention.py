"""Needs attention: each rule is made true, and says what to do and where."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.certificates import actions as certificates
from console.certificates import queries as certificate_queries
from console.certificates.models import Certificate
from console.connectors import actions as connectors
from console.connectors.models import ReceiveConnector as Row
from console.domains import actions as domains
from console.overview import attention
from console.processes.models import Turn
from console.publishing.models import Transport
from console.queues import balance
from console.queues.models import Position
from console.tracking.models import Session
from console.users.models import User
from tests.console.builders import ADMIN, RELAY, accepted_domain, receive_connector, send_connector
from transport.config.accepted_domain import DeliverTo, DomainType
from transport.config.receive_connector import AuthMechanism, ReceiveConnector
from transport.config.send_connector import SendConnector

pytestmark = pytest.mark.django_db(transaction=True)


def said(name: str) -> list[str]:
    """What is said of something."""
    return [each.text for each in attention.concerns() if each.name == name]


def page(name: str) -> str:
    """Where it leads."""
    return next(each.url for each in attention.concerns() if each.name == name)


def made(connector: ReceiveConnector, *confirmed: str) -> Row:
    connectors.create(ADMIN, connector, confirmed)
    return Row.objects.get(name=connector.name)


def test_an_open_relay_comes_first(admin: Client) -> None:
    made(receive_connector("Open", ranges=["0.0.0.0-255.255.255.255"], grants=(RELAY,)), "Open")
    first = next(each for each in attention.concerns() if each.name == "Open")
    assert first.is_bad and "open relay" in first.text
    assert "Open" in admin.get("/").text


def test_clients_behind_one_gateway() -> None:
    row, now = made(receive_connector("Office", ranges=["10.0.0.0/8"])), timezone.now()
    common = {"transport": "t", "connector": "Office", "local_endpoint": "", "remote_port": 1, "direction": "receive"}
    for number in range(50):
        address = {"remote_address": "10.0.0.1", "started_at": now - timedelta(seconds=number)}
        Session.objects.create(session_id=f"{number}", **common, **address)
    (text,) = said("Office")
    assert "All of the last 50 sessions came from 10.0.0.1" in text
    assert page("Office") == reverse("connectors:receive-properties", args=[row.pk, "scoping"])
    Session.objects.filter(pk="7").update(remote_address="10.0.0.2")
    assert said("Office") == []
    Session.objects.update(remote_address="127.0.0.1")
    assert said("Office") == [], "somebody tries it on this machine"


def test_readable_passwords() -> None:
    mechanisms = frozenset({AuthMechanism.Tls, AuthMechanism.BasicAuth})
    made(receive_connector("Plain", auth_mechanism=mechanisms))
    assert said("Plain") == ["Passwords cross the network readable: offer sign-in only after TLS."]
    after_tls = mechanisms | {AuthMechanism.BasicAuthRequireTLS}
    connectors.update(ADMIN, ReceiveConnector, Row.objects.get().pk, {"auth_mechanism": after_tls})
    assert said("Plain") == []


def test_what_many_connectors_have_in_common_is_said_of_some() -> None:
    for number in range(8):
        mechanisms = frozenset({AuthMechanism.BasicAuth})
        made(receive_connector(f"C{number}", auth_mechanism=mechanisms, bindings=[f"10.2.3.4:{100 + number}"]))
    assert said("C4") and not said("C5")
    assert said("And 3 more receive connectors")


def test_a_certificate_without_the_fqdn() -> None:
    certificates.make_self_signed(ADMIN, "Default", ["vm"])
    row = made(receive_connector("Edge", fqdn="mail.contoso.com", auth_mechanism=frozenset({AuthMechanism.Tls})))
    (text,) = said("Edge")
    assert "holds vm, not mail.contoso.com" in text
    assert page("Edge") == reverse("connectors:receive-properties", args=[row.pk, "certificate"])
    certificates.make_self_signed(ADMIN, "Contoso", ["mail.contoso.com"])
    assert said("Edge") == []


def test_a_send_connector_whose_certificate_is_not_here() -> None:
    row = connectors.create(ADMIN, send_connector("Partner", tls_certificate_name="<I>CN=Other<S>CN=mail.contoso.com"))
    assert said("Partner") and "is not here" in said("Partner")[0]
    assert page("Partner") == reverse("connectors:send-properties", args=[row.pk, "security"])
    mine = certificate_queries.identifier(certificates.make_self_signed(ADMIN, "Mine", ["mail.contoso.com"]))
    connectors.update(ADMIN, SendConnector, row.pk, {"tls_certificate_name": mine})
    assert said("Partner") == []


ENDS = [(20, "expires on", False), (3, "expires on", True), (-1, "has expired", True)]


@pytest.mark.parametrize(("days", "words", "is_bad"), ENDS)
def test_a_certificate_near_its_end(days: int, words: str, is_bad: bool) -> None:
    end = timezone.now() + timedelta(days=days, hours=1)
    Certificate.objects.create(name="Soon", not_before=end - timedelta(days=90), not_after=end, fingerprint="1")
    (found,) = (each for each in attention.concerns() if each.name == "Soon")
    assert words in found.text and found.is_bad is is_bad


def test_a_certificate_of_a_short_life_is_named_when_a_quarter_of_it_is_left() -> None:
    for name, life, left in (("Good", 6, 2), ("Late", 6, 1), ("Long", 825, 40), ("Long, late", 825, 29)):
        end = timezone.now() + timedelta(days=left)
        Certificate.objects.create(name=name, not_before=end - timedelta(days=life), not_after=end, fingerprint=name)
    assert [row.name for row, _ in certificate_queries.ending()] == ["Late", "Long, late"]


def test_a_wide_domain() -> None:
    domains.create(ADMIN, accepted_domain("contoso.com"))
    domains.create(ADMIN, accepted_domain("*.com"), ["*.com"])
    assert said("*.com")


def test_mail_that_is_kept_for_a_name_that_nobody_has() -> None:
    User.objects.create(domain="CONTOSO", name="branch")
    kept = {"deliver_to": DeliverTo.PickUp, "domain_type": DomainType.InternalRelay}
    row = domains.create(ADMIN, accepted_domain("branch.test", **kept, pick_up_principals=("branch",)))
    assert said("branch.test") == [
        "Its mail is kept for “branch”, which is no user or group. Write a user like CONTOSO\\branch."
    ]
    assert page("branch.test") == reverse("domains:details", args=[row.pk])
    domains.update(ADMIN, row.pk, {"pick_up_principals": ("contoso\\Branch",)})
    assert not said("branch.test")


def test_what_transports_report() -> None:
    row = made(receive_connector("Office"))
    words = "Cannot listen on 10.2.3.4:25: no network card has this address"
    disk = "The disk of mx1 is nearly full: no mail is accepted."
    problems = [{"connector": "Office", "message": words}, {"connector": "", "message": disk}]
    Transport.objects.create(name="mx1", problems=problems)
    assert said("Office") == [words] and said("All connectors") == [disk]
    assert page("Office") == reverse("connectors:receive-properties", args=[row.pk, "scoping"])


@pytest.mark.parametrize(("times", "says", "is_bad"), [(3, False, False), (1.5, True, False), (0.5, True, True)])
def test_a_disk_that_fills(settings: Any, tmp_path: Path, times: float, says: bool, is_bad: bool) -> None:
    settings.GATEPOST_HOME = tmp_path
    settings.GATEPOST_MINIMUM_FREE = int(shutil.disk_usage(settings.GATEPOST_HOME).free / times)
    found = [each for each in attention.concerns() if each.name == "Disk"]
    assert bool(found) is says and all(each.is_bad is is_bad and "no mail is accepted" in each.text for each in found)


def test_books_that_do_not_balance() -> None:
    assert balance.count() is None, "no forwarder tells what waits"
    Turn.objects.create(process="forwarder", node="gw", at=timezone.now() + timedelta(seconds=5), all_counted=True)
    assert balance.count() == 0
    Position.objects.create(transport="gw", segment="1", offset=1, messages=1, recipients=2)
    assert balance.count() == 2
    (text,) = said("The books do not balance")
    assert text.startswith("2 recipients are missing.")


def test_a_process_that_is_away_is_among_them_and_says_where_to_look() -> None:
    (text,) = said("Process: forwarder")
    assert text.startswith("No forwarder is at work: accepted mail stays in the journal.") and "log" in text


def test_the_top_bar_counts_them_and_a_save_counts_anew(admin: Client) -> None:
    made(receive_connector("Office"))
    before = admin.get(reverse("overview:revision-state")).text
    count = len(attention.concerns())
    assert f"<b>{count}</b>" in before and "#attention" in before
    made(receive_connector("Plain", bindings=["10.2.3.4:26"], auth_mechanism=frozenset({AuthMechanism.BasicAuth})))
    assert f"<b>{count + 1}</b>" in admin.get(reverse("overview:revision-state")).text


def test_every_one_leads_to_a_page(admin: Client) -> None:
    made(receive_connector("Plain", auth_mechanism=frozenset({AuthMechanism.BasicAuth})))
    domains.create(ADMIN, accepted_domain("contoso.com"))
    domains.create(ADMIN, accepted_domain("*.com"), ["*.com"])
    for each in attention.concerns():
        assert each.text and admin.get(each.url.partition("#")[0]).status_code == 200, each
