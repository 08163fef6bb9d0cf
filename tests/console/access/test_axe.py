"""Nobody is kept out: axe-core finds nothing on any page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from console.accounts import actions as accounts
from tests.accessibility import violations
from tests.browsing import PASSWORD, is_error, uncomplaining

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_page_to_sign_in_on(page: Page, live_server: LiveServer) -> None:
    accounts.first_start(PASSWORD)
    with uncomplaining(page, is_error):
        page.goto(live_server.url)
        assert violations(page) == []
