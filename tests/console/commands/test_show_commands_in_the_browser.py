"""Show commands follows the entries of a form, and the panel what was saved."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from console.accounts import actions as accounts
from console.connectors import actions
from tests.browsing import PASSWORD, signed_in
from tests.console.builders import ADMIN, receive_connector

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def security(page: Page, live_server: LiveServer) -> Iterator[Page]:
    """The tab Security of a connector, in a browser that accepts no error of a script or of the policy."""
    accounts.first_start(PASSWORD)
    row = actions.create(ADMIN, receive_connector("Relay", ranges=["192.168.5.77"]))
    url = live_server.url + reverse("connectors:receive-properties", args=[row.pk, "security"])
    with signed_in(page, url, "Relay") as console_page:
        yield console_page


def test_the_commands_follow_the_entries_until_they_are_saved(security: Page) -> None:
    security.click(".commands-here summary")
    expect(security.locator("#commands")).to_contain_text("Nothing is changed so far.")
    security.check("[value=ExchangeUsers]")
    command = 'Set-ReceiveConnector "Relay" -PermissionGroups AnonymousUsers,ExchangeUsers'
    expect(security.locator("#commands code")).to_have_text(command)
    expect(security.locator("#preview")).to_contain_text("Exchange users have no way to sign in")
    security.select_option("[name=right-0-accept-any-recipient]", "grant")
    expect(security.locator("#commands")).to_contain_text("cannot be saved as it stands")
    security.select_option("[name=right-0-accept-any-recipient]", "")
    expect(security.locator("#commands code")).to_have_text(command)
    security.click("button:has-text('Save')")
    expect(security.locator(".message.commands")).to_contain_text("Show commands")
    security.click(".commands-panel summary")
    expect(security.locator("#commands-panel li code").first).to_have_text(command)
    security.keyboard.press("Escape")
    expect(security.locator("#commands-panel")).not_to_be_visible()
