"""No page keeps anybody out: axe-core finds nothing, whatever the theme and the screen; nothing moves by itself, no
script fails, and nothing breaks the page's policy.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from tests.accessibility import obstacles
from tests.browsing import is_error, uncomplaining
from tests.console.access.installation import furnish
from tests.console.access.walk import walk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

# fmt: off
AREAS = {
    "/mail-flow/receive-": 13, "/mail-flow/send-": 20, "/mail-flow/(?!receive-|send-)": 25, "/protection/": 15,
    "/recipients/": 15, "/trace/": 8, "/administration/": 10, "/(account|help|$)": 5,
}
# fmt: on
"""How the address begins → how many kinds of page there are at least."""


@pytest.mark.parametrize("area", AREAS)
def test_no_page_of_a_full_installation(console: Page, live_server: LiveServer, home: Path, area: str) -> None:
    furnish(home)
    wrong: dict[str, list[str]] = {}
    with uncomplaining(console, is_error):
        count = walk(console, live_server.url, area, lambda: wrong.update({console.url: obstacles(console)}))
    told = [f"{url}: {each}" for url, found in wrong.items() for each in found]
    assert not told, "\n".join(told)
    assert count >= AREAS[area]
