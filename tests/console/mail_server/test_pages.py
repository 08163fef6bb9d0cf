"""Trace → Test mail server: a server, the ports and the way of a message looked at without a shell."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from console.actors import Role
from console.audit.models import Entry
from console.connectors import actions as connectors
from console.domains import actions as domains
from tests.console.builders import ADMIN, accepted_domain, receive_connector, send_connector
from tests.deliver.conftest import Sink
from transport.config.address_space import AddressSpace
from transport.deliver.database import pool

pytestmark = pytest.mark.django_db
TEST, PORTS, DELIVERY = (reverse(f"mail_server:{name}") for name in ("test", "ports", "delivery"))


@pytest.fixture
def sink() -> Any:
    server = Sink()
    yield server
    server.shutdown()
    server.server_close()


def test_a_server_is_looked_at_and_what_is_wrong_stands_there(admin: Any, sink: Sink) -> None:
    page = admin.post(TEST, {"kind": "server", "name": f"127.0.0.1:{sink.port}"}).text
    assert "STARTTLS" in page and "everybody on the way can read the mail" in page
    assert "It takes mail from a stranger to relay-test@example.com." in page
    assert "RCPT TO:&lt;relay-test@example.com&gt;" in page and sink.arrived == []
    entry = Entry.objects.latest("pk")
    assert (entry.kind, entry.object_name, entry.verb) == ("Mail server", "127.0.0.1", "tested")


def test_nothing_is_asked_by_looking_and_the_form_is_filled_in(admin: Any) -> None:
    domains.create(ADMIN, accepted_domain("ours.example"))
    assert 'value="ours.example"' in admin.get(TEST).text
    assert 'value="mx.far.test"' in admin.get(f"{TEST}?kind=server&name=mx.far.test").text
    assert not Entry.objects.filter(verb="tested").exists()


@pytest.mark.parametrize(
    ("kind", "name", "selectors", "field"),
    [
        ("domain", "far test", "", "name"),
        ("server", "mx.far.test:99999", "", "name"),
        ("server", "mx\r\nQUIT", "", "name"),
        ("domain", "far.test", "a b c d e f", "selectors"),
        ("domain", "far.test", "../x", "selectors"),
    ],
)
def test_what_is_no_name_is_told_at_its_place(admin: Any, kind: str, name: str, selectors: str, field: str) -> None:
    page = admin.post(TEST, {"kind": kind, "name": name, "selectors": selectors})
    assert page.status_code == 422 and set(page.context["form"].errors) == {field}


def test_who_only_reads_starts_no_test_but_may_compare_ports(signed_in: Any) -> None:
    reader = signed_in(Role.VIEW_ONLY)
    assert reader.get(TEST).status_code == 200
    assert reader.post(TEST, {"kind": "server", "name": "127.0.0.1:9"}).status_code == 403
    assert reader.post(DELIVERY, {"sender": "a@x.test", "recipient": "b@y.test"}).status_code == 403
    assert reader.post(PORTS, {"host": "", "seen": "25 open"}).status_code == 200


def test_ports_as_seen_from_outside(admin: Any) -> None:
    connectors.create(ADMIN, receive_connector("In", fqdn="mail.ours.example", bindings=["0.0.0.0:587"]))
    page = admin.get(PORTS).text
    assert "run the script below there" in page and "/dev/tcp/mail.ours.example/$port" in page
    page = admin.post(PORTS, {"host": "198.51.100.7", "seen": "25 closed\n587 open"}).text
    assert "/dev/tcp/198.51.100.7/$port" in page and "Other servers cannot hand in mail" in page
    assert "unless people sign in from outside here" in page
    assert admin.post(PORTS, {"host": "$(reboot)", "seen": "x"}).status_code == 422


@pytest.fixture
def closed_pool() -> Any:
    """Delivery's own connections to PostgreSQL would outlive the test's database."""
    yield
    pool().close()
    pool.cache_clear()


@pytest.mark.usefixtures("closed_pool")
def test_where_mail_stops(admin: Any, sink: Sink) -> None:
    sink.behave = lambda line, n: "550 5.1.1 nobody here" if line.startswith("RCPT") else None
    spaces = (AddressSpace("far.test"),)
    connectors.create(
        ADMIN, send_connector("Out", address_spaces=spaces, smart_hosts=("[127.0.0.1]",), dns_routing_enabled=False,
                              port=sink.port),
    )  # fmt: skip
    filled = admin.get(f"{DELIVERY}?sender=anna@ours.example&recipient=bob@far.test").text
    assert 'value="bob@far.test"' in filled
    page = admin.post(DELIVERY, {"sender": "anna@ours.example", "recipient": "bob@far.test"}).text
    assert "Out" in page and "nobody here" in page and "It does not work" in page
    page = admin.post(DELIVERY, {"sender": "anna@ours.example", "recipient": "bob@elsewhere.test"}).text
    assert "The way" in page and "Steps" not in page
