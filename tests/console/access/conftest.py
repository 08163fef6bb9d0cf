from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from console.accounts import actions as accounts
from tests.accessibility import WATCH_SHIFTS
from tests.browsing import PASSWORD


@pytest.fixture
def console(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """The overview, signed in, in a browser whose zone the server knows."""
    accounts.first_start(PASSWORD)
    client = Client()
    assert client.login(username="admin", password=PASSWORD)
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, timezone_id="Europe/Berlin", reduced_motion="reduce"
    )
    known = {
        settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value,
        "zone": "Europe%2FBerlin",
    }
    context.add_cookies([{"name": name, "value": value, "url": live_server.url} for name, value in known.items()])
    context.add_init_script(WATCH_SHIFTS)
    page = context.new_page()
    page.goto(live_server.url)
    yield page
    context.close()
