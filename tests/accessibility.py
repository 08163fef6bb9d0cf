"""What axe-core finds on a page against WCAG 2.2, levels A and AA."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Without `preload`, since axe would ask for imported style sheets at addresses that do not exist.
OPTIONS: dict[str, Any] = {"runOnly": LEVELS, "resultTypes": ["violations"], "preload": False}


def violations(page: Page) -> list[str]:
    """As it stands now: of each element that breaks a rule, the rule, what is wrong and the element. The browser's
    tools bring axe in, so that the page's policy for scripts stays as it is."""
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]} – {'; '.join(each['message'] for each in node['any'] + node['all'])}"
        for rule in found
        for node in rule["nodes"]
    ]
