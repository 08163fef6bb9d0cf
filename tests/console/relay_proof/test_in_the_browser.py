"""“Can anybody relay?” is answered from the overview, with a file; an open relay is seen to come and to go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from console.accounts import actions as accounts
from console.connectors import actions
from tests.browsing import PASSWORD, signed_in
from tests.console.builders import ADMIN, receive_connector
from transport.config.endpoint import everyone

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def internet(transactional_db: None) -> int:
    made = receive_connector("Internet", remote_ip_ranges=everyone(), bindings=["0.0.0.0:25"])
    return int(actions.create(ADMIN, made).pk)


@pytest.fixture
def console(page: Page, live_server: LiveServer, internet: int) -> Iterator[Page]:
    accounts.first_start(PASSWORD)
    with signed_in(page, live_server.url + reverse("overview:home"), "Overview") as console_page:
        yield console_page


def grant(console: Page, url: str, choice: str) -> None:
    console.goto(url)
    relay = console.locator("[name=right-0-accept-any-recipient]")
    relay.focus()
    relay.select_option(choice)


def test_can_anybody_relay(console: Page, internet: int, live_server: LiveServer, tmp_path: Path) -> None:
    security = live_server.url + reverse("connectors:receive-properties", args=[internet, "security"])
    expect(console.locator("#overview")).to_contain_text("Nobody can relay.")
    console.click("#overview >> text=Relay proof")
    expect(console.locator(".proof-answer")).to_contain_text("Nobody can relay.")
    with console.expect_download() as begun:
        console.click("text=Download for an auditor")
    begun.value.save_as(tmp_path / "proof.html")
    assert "Nobody can relay." in (tmp_path / "proof.html").read_text()

    grant(console, security, "grant")
    expect(console.locator(".typed")).to_contain_text("an open relay")
    console.fill("[name=confirmation]", "Internet")
    console.click("button:has-text('Save')")
    expect(console.locator("#messages")).to_contain_text("Internet is saved")
    console.goto(live_server.url + reverse("relay_proof:page"))
    expect(console.locator(".proof-answer")).to_contain_text("This is an open relay.")
    expect(console.locator(".way")).to_contain_text("admin typed its name")
    console.click("text=The dialogue that shows it")
    expect(console.locator(".said-lines")).to_contain_text("RCPT TO:<somebody@example.net>\nS: 250 2.1.5 Recipient OK")
    console.click("text=Ask What-if the same")
    expect(console.locator("main")).to_contain_text("Recipient OK")

    grant(console, security, "")
    console.click("button:has-text('Save')")
    expect(console.locator("#messages")).to_contain_text("Internet is saved")
    console.goto(live_server.url + reverse("relay_proof:page"))
    expect(console.locator(".proof-answer")).to_contain_text("Nobody can relay.")
