"""What keeps somebody out of a page as it stands: what axe-core finds against WCAG 2.2, levels A and AA, on each screen
and in each theme, what moves by itself, and what needs scrolling sideways.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDTHS = (1440, 390)
BETWEEN = (1280, 800)
"""Where nothing may need scrolling sideways either."""
# Without `preload`, since axe would ask for imported style sheets at addresses that do not exist.
EVERYTHING: dict[str, Any] = {"runOnly": LEVELS, "resultTypes": ["violations"], "preload": False}
COLOURS = {**EVERYTHING, "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""All that a theme changes."""

WATCH_SHIFTS = """
window.shifts = [];
const told = (entry) => `moves by ${entry.value}: ${entry.sources.map((each) => each.node?.outerHTML?.slice(0, 120))}`;
const watch = new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map(told)));
watch.observe({ type: "layout-shift", buffered: true });
"""
"""A script that runs before the page's own, so that `obstacles` knows what has moved."""

_RUN = "options => axe.run(options).then(found => found.violations)"
_AXE = Axe().axe_script
_SIDEWAYS = """
[document.documentElement, ...document.querySelectorAll(".table-scroll")]
  .filter((box) => box.scrollWidth > box.clientWidth + 1)
  .map((box) => `${innerWidth} scrolls sideways: ${box.getAttribute("aria-label") ?? box.localName}`)
"""


def obstacles(page: Page, *, moving: bool = True) -> list[str]:
    """One line for each. The browser's tools bring axe in, so that the page's policy for scripts stays as it is.
    `moving`: also what moved until now.
    """
    page.evaluate(f"typeof axe === 'undefined' && (() => {{ {_AXE} }})()")
    found = list(page.evaluate("window.shifts ?? []")) if moving else []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark")
        found += [f"{width} dark {each}" for each in _violations(page, COLOURS)]
        page.emulate_media(color_scheme="light")
        found += [f"{width} light {each}" for each in _violations(page, EVERYTHING)]
        found += sideways(page)
    for width in BETWEEN:
        page.set_viewport_size({"width": width, "height": 900})
        found += sideways(page)
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    return found


def sideways(page: Page) -> list[str]:
    """The page itself, and its tables, as far as they need scrolling sideways."""
    return list(page.evaluate(_SIDEWAYS))


def _violations(page: Page, options: dict[str, Any]) -> Iterator[str]:
    """Rule, element, and what is wrong with it."""
    for rule in page.evaluate(_RUN, options):
        for node in rule["nodes"]:
            said = "; ".join(each["message"] for each in node["any"] + node["all"] + node["none"])
            yield f"{rule['id']}: {node['html'][:160]} – {said}"
