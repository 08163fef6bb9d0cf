"""Whoever changes a colour is told of each page where it cannot be read, in either theme."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.accessibility import obstacles

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en"><title>Page</title><style>
body { color: #222; background: #fff } .soft { color: %s }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #111 } .soft { color: %s } }
@media (width < 500px) { .wide { width: 600px } }
</style><main><h1>Page</h1><p>Text</p><p class="soft">Less important</p><p class="wide">Wide</p></main></html>"""


@pytest.mark.parametrize(
    ("light", "dark", "wrong"), [("#ccc", "#ddd", {"light"}), ("#333", "#333", {"dark"}), ("#333", "#ddd", set())]
)
def test_what_cannot_be_read_is_found_on_each_page(page: Page, light: str, dark: str, wrong: set[str]) -> None:
    for title in ("One", "Two"):
        page.set_content((PAGE % (light, dark)).replace("Page", title))
        found = [each.split()[:3] for each in obstacles(page, moving=False)]
        assert {theme for _width, theme, rule in found if rule == "color-contrast:"} == wrong
        assert ["390", "scrolls", "sideways:"] in found
