"""Why was this refused, and what changes if I save this: each answered in a real browser, without a shell."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from console.accounts import actions as accounts
from console.connectors import actions as connectors
from console.connectors.models import ReceiveConnector
from console.domains import actions as domains
from console.tracking.models import Session
from tests.accessibility import obstacles
from tests.browsing import PASSWORD, is_error, signed_in
from tests.console.builders import ADMIN, accepted_domain, receive_connector

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def console(page: Page, live_server: LiveServer) -> Iterator[Page]:
    """A signed-in browser on the protocol log, in which a printer was refused."""
    accounts.first_start(PASSWORD)
    domains.create(ADMIN, accepted_domain(default=True))
    connectors.create(ADMIN, receive_connector())
    at = "2026-01-01T00:00:00.000Z"
    said = [
        [at, "<", "EHLO printer", ""], [at, ">", "250 Hello", ""], [at, "<", "MAIL FROM:<scan@contoso.com>", ""],
        [at, ">", "250 2.1.0 Sender OK", ""], [at, "<", "RCPT TO:<bob@fabrikam.com>", ""],
        [at, ">", "550 5.7.1 Unable to relay", "relay_denied; revision 2"],
    ]  # fmt: skip
    Session.objects.create(
        session_id="08D675E58CA1DA38", transport="mx1", connector="MX1\\Office", local_endpoint="10.2.3.4:25",
        remote_address="10.1.1.1", remote_port=4711, helo="printer", refused=1, started_at=at, ended_at=at, events=said,
    )  # fmt: skip
    where = live_server.url + reverse("tracking:session", args=["08D675E58CA1DA38"])
    with signed_in(page, where, "Session 08D675E58CA1DA38", is_error) as console_page:
        yield console_page


def test_from_a_refused_session_to_the_fact_that_would_let_it_in(console: Page) -> None:
    console.locator("tr.refused").get_by_text("What if").click()
    expect(console.locator("#answer")).to_contain_text("550 5.7.1 Unable to relay")
    expect(console.get_by_label("Client's address")).to_have_value("10.1.1.1")
    expect(console.locator(".decides")).to_contain_text("Accept any recipient")
    assert obstacles(console) == []
    console.get_by_label("Recipients").fill("postmaster@contoso.com")
    console.get_by_role("button", name="Ask", exact=True).click()
    expect(console.locator("#answer .notice").first).to_contain_text("Accepted:")


def test_what_changes_if_a_form_is_saved(console: Page, live_server: LiveServer) -> None:
    row = ReceiveConnector.objects.get()
    console.goto(live_server.url + reverse("connectors:receive-properties", args=[row.pk, "scoping"]))
    console.locator("[name=remote_ip_ranges]").fill("192.0.2.0/24")
    with console.context.expect_page() as opened:
        console.get_by_role("button", name="Try before saving").click()
    asking = opened.value
    expect(asking.locator("form.what-if-form")).to_contain_text("changes that are not saved")
    asking.get_by_label("Client's address").fill("10.1.1.1")
    asking.get_by_label("Recipients").fill("postmaster@contoso.com")
    asking.get_by_role("button", name="Ask", exact=True).click()
    expect(asking.locator("#answer")).to_contain_text("No connector answers this client")
    expect(asking.locator("#answer")).to_contain_text("As saved now")
    assert ReceiveConnector.objects.get().remote_ip_ranges == row.remote_ip_ranges
    expect(console.locator("[name=remote_ip_ranges]")).to_have_value("192.0.2.0/24")
