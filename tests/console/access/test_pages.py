"""No page keeps anybody out: axe-core finds nothing, whatever the theme and the screen; nothing moves by itself, no
script fails, and nothing breaks the page's policy.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from tests.accessibility import obstacles, sideways
from tests.browsing import is_error, uncomplaining
from tests.console.access.installation import furnish
from tests.console.access.walk import pages, walk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

AREAS = [
    "/mail-flow/receive-", "/mail-flow/send-", "/mail-flow/(?!receive-|send-)", "/protection/", "/recipients/",
    "/trace/", "/administration/", "/(account|help|$)",
]  # fmt: skip
"""How the address begins."""


@pytest.mark.parametrize("area", AREAS)
def test_no_page_of_a_full_installation(console: Page, live_server: LiveServer, home: Path, area: str) -> None:
    furnish(home)
    wrong: dict[str, list[str]] = {}
    with uncomplaining(console, is_error):
        seen = walk(console, live_server.url, area, lambda: wrong.update({console.url: obstacles(console)}))
    told = [f"{url}: {each}" for url, found in wrong.items() for each in found]
    assert not told, "\n".join(told)
    assert pages(area).keys() <= seen


def test_every_page_is_in_an_area() -> None:
    assert pages("").keys() == {name for area in AREAS for name in pages(area)}


def test_no_page_scrolls_sideways_on_a_phone_where_words_are_long(
    console: Page, live_server: LiveServer, home: Path
) -> None:
    furnish(home)
    console.context.set_extra_http_headers({"Accept-Language": "de"})
    console.set_viewport_size({"width": 390, "height": 900})
    wrong: dict[str, list[str]] = {}
    walk(
        console, live_server.url, "/(mail-flow/receive-|trace/)", lambda: wrong.update({console.url: sideways(console)})
    )
    assert console.get_attribute("html", "lang") == "de"
    assert {url: found for url, found in wrong.items() if found} == {}
