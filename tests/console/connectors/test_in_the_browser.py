from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from console.accounts import actions as accounts
from console.connectors import actions, queries
from console.connectors.models import ReceiveConnector as Row
from tests.browsing import PASSWORD, signed_in
from tests.console.builders import ADMIN, RELAY, receive_connector

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def console(page: Page, live_server: LiveServer) -> Iterator[Page]:
    """A signed-in browser on the list of Receive connectors that accepts no error of a script or of the policy."""
    accounts.first_start(PASSWORD)
    with signed_in(page, live_server.url + reverse("connectors:receive-list"), "Receive connectors") as console_page:
        yield console_page


def test_from_the_empty_list_through_the_wizard_to_the_properties(console: Page) -> None:
    console.click(".empty >> text=New receive connector")
    console.fill("[name=name]", "Internet")
    console.check("[value=Internet]")
    console.click(".btn-primary:has-text('Next')")
    console.locator("[name=bindings-ticked]:checked").first.uncheck()
    console.fill("[name=bindings]", "10.2.3.4:25x")
    console.click(".btn-primary:has-text('Next')")
    expect(console.locator(".field-error")).to_contain_text("is no binding")
    console.fill("[name=bindings]", "10.2.3.4:25")
    console.click(".btn-primary:has-text('Next')")
    console.fill("[name=remote_ip_ranges]", "10.0.0.0/8")
    console.click("button:has-text('Back')")
    expect(console.locator("[name=bindings]")).to_be_visible()
    console.reload()
    console.click(".btn-primary:has-text('Next')")
    expect(console.locator("[name=remote_ip_ranges]")).to_have_value("10.0.0.0/8")
    console.click(".btn-primary:has-text('Next')")
    expect(console.locator(".sentence")).to_contain_text("Anyone at 10.0.0.0/8 may send, without signing in")
    console.click(".btn-primary:has-text('Create')")
    expect(console.locator("main")).to_contain_text("Internet is made and saved as revision 1.")
    console.click("text=Open properties")
    expect(console.locator("h1")).to_have_text("Internet")
    expect(console.locator("[name=name]")).to_have_value("Internet")


def test_the_rights_follow_the_groups_and_a_relay_asks_for_its_name(console: Page, live_server: LiveServer) -> None:
    row = actions.create(ADMIN, receive_connector("Anonymous Relay", ranges=["192.168.5.77"]))
    console.goto(live_server.url + reverse("connectors:receive-properties", args=[row.pk, "security"]))
    cell = console.locator("[name=right-0-submit]")
    expect(cell.locator("option:checked")).to_have_text("● group")
    console.uncheck("[value=AnonymousUsers]")
    expect(cell.locator("option:checked")).to_have_text("–")
    expect(console.locator("#preview")).to_contain_text("nobody may send")
    console.check("[value=AnonymousUsers]")
    expect(cell.locator("option:checked")).to_have_text("● group")
    relay = console.locator("[name=right-0-accept-any-recipient]")
    relay.focus()
    relay.select_option("grant")
    expect(console.locator("#preview")).to_contain_text("This connector relays")
    expect(relay).to_be_focused()
    expect(console.locator(".typed")).to_contain_text("could send mail to any address in the world")
    expect(console.locator(".field-error")).to_have_count(0)
    console.fill("[name=confirmation]", "Anonymous Relay")
    console.click("button:has-text('Save')")
    expect(console.locator(".sentence")).to_contain_text("to any address")
    assert queries.receive(Row.objects.get()).grants == (RELAY,)


def test_the_greeting_follows_what_is_typed(console: Page, live_server: LiveServer) -> None:
    row = actions.create(ADMIN, receive_connector())
    console.goto(live_server.url + reverse("connectors:receive-properties", args=[row.pk, "scoping"]))
    console.fill("[name=fqdn]", "mx.contoso.com")
    expect(console.locator("#greeting pre")).to_contain_text("220 mx.contoso.com Microsoft ESMTP")
    console.fill("[name=banner]", "220 Mail Server")
    expect(console.locator("#greeting pre")).to_have_text("220 Mail Server")
    console.fill("[name=remote_ip_ranges]", "172.160.0.0/12")
    expect(console.locator("#preview")).to_contain_text("did you mean 172.16.0.0/12?")


def test_the_answer_to_ehlo_follows_the_switches(console: Page, live_server: LiveServer) -> None:
    row = actions.create(ADMIN, receive_connector())
    console.goto(live_server.url + reverse("connectors:receive-properties", args=[row.pk, "extensions"]))
    expect(console.locator("#ehlo pre").first).to_contain_text("250-PIPELINING")
    console.uncheck("[name=pipelining_enabled]")
    expect(console.locator("#ehlo pre").first).not_to_contain_text("PIPELINING")
    console.uncheck("[name=chunking_enabled]")
    console.click("button:has-text('Save')")
    expect(console.locator(".field-error")).to_contain_text("BINARYMIME needs CHUNKING")
    console.uncheck("[name=binary_mime_enabled]")
    console.click("button:has-text('Save')")
    expect(console.locator("#messages")).to_contain_text("Office is saved")


def test_a_certificate_is_issued_and_chosen(console: Page, live_server: LiveServer) -> None:
    row = actions.create(ADMIN, receive_connector())
    console.goto(live_server.url + reverse("certificates:list"))
    console.click("text=New certificate >> nth=0")
    console.fill("[name=name]", "Internal mail")
    console.fill("[name=names]", "mail.contoso.com")
    console.click(".btn-primary:has-text('Make it')")
    expect(console.locator("#details h2")).to_have_text("Internal mail")
    console.goto(live_server.url + reverse("connectors:receive-properties", args=[row.pk, "certificate"]))
    console.select_option("[name=tls_certificate_name]", index=1)
    expect(console.locator("#shown a")).to_have_text("Internal mail")
    console.click("button:has-text('Save')")
    expect(console.locator("#messages")).to_contain_text("Office is saved")
    assert queries.receive(Row.objects.get()).tls_certificate_name.endswith("<S>CN=mail.contoso.com")


def test_a_list_of_many_is_filtered_and_disabled_in_place(console: Page) -> None:
    for number in range(3):
        actions.create(ADMIN, receive_connector(f"Site {number}", bindings=[f"10.0.0.{number}:25"]))
    console.reload()
    console.fill(".filter-box input", "10.0.0.1:25")
    expect(console.locator("tbody tr")).to_have_count(1)
    console.click("text=Site 1")
    expect(console.locator("#details h2")).to_have_text("Site 1")
    console.click("button:has-text('Disable')")
    expect(console.locator("#messages")).to_contain_text("Site 1: disabled")
    assert [row.enabled for row in Row.objects.order_by("name")] == [True, False, True]
