"""Is my server set up right, which ports are open, where does mail stop: one walk in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from console.accounts import actions as accounts
from console.connectors import actions as connectors
from tests.accessibility import obstacles
from tests.browsing import PASSWORD, is_error, signed_in
from tests.console.builders import ADMIN, receive_connector, send_connector
from tests.deliver.conftest import Sink
from transport.config.address_space import AddressSpace
from transport.deliver.database import pool

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A next hop that knows nobody."""
    server = Sink()
    server.behave = lambda line, n: "550 5.1.1 nobody here" if line.startswith("RCPT") else None
    yield server
    server.shutdown()
    server.server_close()
    pool().close()
    pool.cache_clear()


def test_a_server_the_ports_and_the_step_at_which_mail_stops(page: Page, live_server: LiveServer, sink: Sink) -> None:
    accounts.first_start(PASSWORD)
    connectors.create(ADMIN, receive_connector("In", fqdn="mail.ours.example", bindings=["0.0.0.0:587"]))
    out = {"address_spaces": (AddressSpace("far.test"),), "smart_hosts": ("[127.0.0.1]",), "dns_routing_enabled": False}
    connectors.create(ADMIN, send_connector("Out", port=sink.port, **out))
    where = live_server.url + reverse("mail_server:test")
    with signed_in(page, where, "Test mail server", is_error) as console:
        console.get_by_label("one mail server").check()
        console.get_by_label("Name", exact=True).fill(f"127.0.0.1:{sink.port}")
        console.get_by_role("button", name="Test", exact=True).click()
        expect(console.locator(".probe-wrong", has_text="STARTTLS")).to_contain_text("Give the connector a certificate")
        console.get_by_text("What was said").click()
        expect(console.locator("section.group details").last).to_contain_text("RCPT TO:<relay-test@example.com>")
        assert obstacles(console) == []
        console.get_by_role("link", name="Ports", exact=True).click()
        console.get_by_label("What the script printed").fill("25 closed\n587 open")
        console.keyboard.press("Tab")
        console.get_by_role("button", name="Compare").click()
        expect(console.locator("main")).to_contain_text("Other servers cannot hand in mail")
        assert obstacles(console) == []
        console.get_by_role("link", name="Delivery", exact=True).click()
        console.get_by_label("Sender").fill("anna@ours.example")
        console.get_by_label("Recipient").fill("bob@far.test")
        console.keyboard.press("Enter")
        expect(console.locator("main")).to_contain_text("550 5.1.1 nobody here")
        assert obstacles(console) == []
        assert sink.arrived == []
