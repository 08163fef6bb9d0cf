"""The page of TLS to other domains: what mail to one would get now, and how connections ended."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from console.actors import Role
from console.connectors import actions as connectors
from console.domains import actions as domains
from console.protection import actions as protection
from console.tls.models import Result, SentReport
from tests.console.builders import ADMIN, HYGIENE, send_connector
from tests.dns_server import DnsServer
from transport.config.accepted_domain import AcceptedDomain
from transport.config.connection_filter import ConnectionFilter
from transport.config.endpoint import Binding, IPRange
from transport.deliver import look_up
from transport.deliver.database import pool
from transport.deliver.tls_tally import Tally
from transport.send.hosts import Host
from transport.send.tls_policy import Policy
from transport.send.tls_report_way import NOT_ASKED_FOR
from transport.send.tls_results import Result as How

pytestmark = pytest.mark.django_db(transaction=True)
RECORDS = {
    ("", "SOA"): ["a.root. b.root. 1 2 3 4 5"],
    ("far.test", "MX"): ["0 mx.far.test.", "10 plain.near.test."],
    ("mx.far.test", "A"): ["127.0.0.1"],
    ("plain.near.test", "A"): ["127.0.0.2"],
    ("_25._tcp.mx.far.test", "TLSA"): ["3 1 1 " + "00" * 32],
}


@pytest.fixture
def look(signed_in):
    look_up.resolver.cache_clear()
    look_up._doubt.cache_clear()
    client = signed_in(Role.VIEW_ONLY)
    yield lambda **asked: client.get(reverse("tls:outlook"), asked)
    pool().close()
    pool.cache_clear()


def test_what_a_domain_publishes_is_shown_for_each_of_its_hosts(look):
    with DnsServer(RECORDS, signed=("", "far.test")) as server:
        at = (Binding("127.0.0.1", server.port),)
        protection.set_filter(HYGIENE, ConnectionFilter(dns_servers=at))
        ranges = (IPRange("127.0.0.0/8"),)
        out = send_connector("Out", use_external_dns_servers_enabled=True, internal_ip_ranges=ranges)
        connectors.create(ADMIN, out)
        page = look(domain="far.test").content.decode()
    assert "The name server validates DNSSEC." in page
    assert "mx.far.test [127.0.0.1]" in page and "the certificate that DNS names (DANE), demanded by DANE." in page
    assert "plain.near.test [127.0.0.2]" in page and "TLS with any certificate, where the host offers it." in page


def test_why_dane_is_not_used_is_said(look):
    with DnsServer(RECORDS) as server:
        protection.set_filter(HYGIENE, ConnectionFilter(dns_servers=(Binding("127.0.0.1", server.port),)))
        connectors.create(ADMIN, send_connector("Out", use_external_dns_servers_enabled=True))
        page = look(domain="far.test").content.decode()
    assert "does not validate DNSSEC" in page
    assert "which no range of the Send connector allows" in page


def test_nobody_to_ask_and_nothing_to_ask_are_said(look):
    assert "No Send connector takes mail for this domain." in look(domain="far.test").content.decode()
    domains.create(ADMIN, AcceptedDomain(name="ours.test", domain_name="ours.test"))
    assert "It is an accepted domain: its mail goes where that says" in look(domain="ours.test").content.decode()
    answer = look(domain="not a domain")
    assert answer.status_code == 422 and "no valid name" in answer.content.decode()
    assert "There were none." in look().content.decode()


def test_how_connections_ended_is_counted_and_shown_failures_first(look):
    tally, host = Tally(), Host("mx.far.test", "192.0.2.1")
    for _ in range(3):
        tally.add("far.test", Policy(), How.SUCCESS, host)
    tally.add("far.test", Policy("sts"), How.EXPIRED, host, "certificate has expired")
    with pool().connection() as connection:
        tally.write(connection, now=True)
        tally.add("far.test", Policy(), How.SUCCESS, host)
        tally.write(connection, now=True)
        tally.write(connection, now=True)
    rows = Result.objects.order_by("sessions").values_list("day", "result", "sessions", "host", "address")
    day = datetime.now(UTC).date()
    assert list(rows) == [
        (day, "certificate-expired", 1, "mx.far.test", "192.0.2.1"), (day, "successful", 4, "mx.far.test", "192.0.2.1"),
    ]  # fmt: skip
    page = look().content.decode()
    assert page.index("certificate-expired") < page.index("successful") and "certificate has expired" in page
    assert "certificate-expired" in look(domain="far.test").content.decode()
    assert "certificate-expired" not in look(domain="near.test").content.decode()


def test_what_is_counted_has_a_limit(monkeypatch):
    monkeypatch.setattr("transport.deliver.tls_tally.MOST", 2)
    tally = Tally()
    for number in range(5):
        tally.add(f"d{number}.test", Policy(), How.SUCCESS)
    tally.add("d0.test", Policy(), How.SUCCESS)
    with pool().connection() as connection:
        tally.write(connection, now=True)
    pool().close()
    pool.cache_clear()
    assert sorted(Result.objects.values_list("domain", "sessions")) == [("d0.test", 2), ("d1.test", 1)]


def test_what_domains_were_told_is_shown_and_who_did_not_ask_is_left_out(look):
    now = datetime.now(UTC)
    told = {"a.test": "Sent to tls@a.test", "b.test": NOT_ASKED_FOR, "c.test": ""}
    for domain, words in told.items():
        SentReport.objects.create(day=now.date(), domain=domain, due_at=now, next_try=now, words=words)
    page = look().content.decode()
    assert "Sent to tls@a.test" in page and "b.test" not in page and "Due:" in page
    assert "c.test" not in look(domain="a.test").content.decode().partition("Reports to domains")[2]
