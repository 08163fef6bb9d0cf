"""A hostile message in a real browser."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from console.accounts import actions as accounts
from tests.browsing import PASSWORD, begin_session
from transport.deliver import maildir

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOSTILE = b"""From: <evil@x.example>
Subject: <img src=x onerror=document.title='broken'>
Content-Type: text/html

<h1 style="color:red">Hello</h1><script>top.document.title='broken'</script><img src="http://tracker.example/x.gif">
<a href="http://elsewhere.example/" target="_top">away</a><form action="http://elsewhere.example/"><button>Go</button></form>
"""


def test_a_hostile_message_is_shown_and_can_do_nothing(page: Page, live_server: LiveServer, home: Path) -> None:
    accounts.first_start(PASSWORD)
    store = maildir.Store(home / "mailboxes")
    store.write("bob@contoso.com", maildir.file_name(1_700_000_000, UUID(int=1), "bob@contoso.com"), [HOSTILE])
    store.sync()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    begin_session(page.context, live_server.url)
    page.goto(live_server.url + reverse("mailboxes:list"))
    page.click("text=bob@contoso.com")
    page.click("text=Open mailbox")
    page.locator("tr[data-row]").click()
    page.click("text=Open message")
    page.click(".tabs >> text=HTML")
    frame = page.frame_locator("iframe")
    expect(frame.locator("h1")).to_have_text("Hello")
    expect(frame.locator("button")).to_have_count(0)
    frame.locator("text=away").click(force=True)
    expect(page.locator("h1")).to_contain_text("<img src=x")
    page.reload()
    frame.locator("text=away").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("<img src=x")
    assert page.title() != "broken"
    assert all(url.startswith((live_server.url, "data:", "blob:")) for url in asked)
