"""What changes if I save this? In a browser: collected in a draft, replayed, compared, activated."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from console.accounts import actions as accounts
from console.connectors import actions as connectors
from console.connectors.models import ReceiveConnector as Row
from console.domains import actions as domains
from tests.browsing import PASSWORD, is_error, signed_in
from tests.console.builders import ADMIN, accepted_domain, receive_connector
from tests.console.replay.test_page import recorded, session
from transport.trace.session_record import Mail, Step

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_change_is_collected_replayed_compared_and_activated(page: Page, live_server: LiveServer) -> None:
    accounts.first_start(PASSWORD)
    domains.create(ADMIN, accepted_domain(default=True))
    office = connectors.create(ADMIN, receive_connector())
    taken = [Step("RCPT TO:<a@contoso.com>", 250, "recipient_listed"), Step("DATA", 354), Step("", 250, "queued")]
    recorded([session("10.1.1.1", *taken, mails=[Mail(500_000, 100)]), session("10.1.1.2", *taken, mails=[Mail(9, 9)])])
    with signed_in(page, live_server.url + reverse("drafts:new"), "New draft", is_error):
        page.fill("[name=name]", "Smaller mail")
        page.keyboard.press("Control+s")
        strip = page.locator(".strip", has_text="Smaller mail")
        expect(strip).to_contain_text("0 changes, not in force")
        page.goto(live_server.url + reverse("connectors:receive-properties", args=[office.pk, "general"]))
        page.fill("[name=max_message_size]", "100KB")
        page.keyboard.press("Control+s")
        expect(strip).to_contain_text("1 change, not in force")
        page.goto(live_server.url + reverse("replay:page"))
        page.click("main >> role=button[name=Replay]")
        expect(page.locator("#answer")).to_contain_text("1 of 2 sessions would be answered otherwise")
        expect(page.locator("#answer")).to_contain_text("Draft “Smaller mail”")
        strip.get_by_text("Compare").click()
        expect(page.locator("main")).to_contain_text(re.compile("100 ?KB"))
        strip.get_by_text("Activate").click()
        page.keyboard.press("Control+s")
        expect(page.locator(".message, [role=status]").first).to_contain_text("“Smaller mail” is activated")
        expect(strip).to_have_count(0)
    assert Row.objects.get().max_message_size == 100 * 1024
