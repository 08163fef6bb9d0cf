from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from console.accounts import actions as accounts
from tests.accessibility import WATCH_SHIFTS
from tests.browsing import PASSWORD, begin_session


@pytest.fixture
def console(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """The overview, signed in, in a browser whose zone the server knows."""
    accounts.first_start(PASSWORD)
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, timezone_id="Europe/Berlin", reduced_motion="reduce"
    )
    begin_session(context, live_server.url)
    context.add_cookies([{"name": "zone", "value": "Europe%2FBerlin", "url": live_server.url}])
    context.add_init_script(WATCH_SHIFTS)
    page = context.new_page()
    page.goto(live_server.url)
    yield page
    context.close()
