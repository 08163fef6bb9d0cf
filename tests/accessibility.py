"""What keeps somebody out of a page as it stands: what axe-core finds against WCAG 2.2, levels A and AA, on each screen
and in each theme, what moves by itself, and what needs scrolling sideways.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDTHS = (1440, 390)
BETWEEN = (1280, 800)
"""Where nothing may need scrolling sideways either."""
# Without `preload`, since axe would ask for imported style sheets at addresses that do not exist.
_USUAL: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
COLOURS = {**_USUAL, "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""All that a theme changes."""
THE_REST = {**_USUAL, "runOnly": LEVELS, "rules": {name: {"enabled": False} for name in COLOURS["runOnly"]["values"]}}

WATCH_SHIFTS = """
window.shifts = [];
const told = (entry) => `moves by ${entry.value}: ${entry.sources.map((each) => each.node?.outerHTML?.slice(0, 120))}`;
const watch = new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map(told)));
watch.observe({ type: "layout-shift", buffered: true });
"""
"""A script that runs before the page's own, so that `obstacles` knows what has moved."""

_RUN = "options => axe.run(options).then(found => found.violations)"
# To look for contrast takes most of the time, and what has the same colours, size and classes, up to the body, has the
# same contrast: on whatever page, with whatever words.
_RUN_ON_NEW_KINDS = """
([options, known]) => {
  const hash = (...said) =>
    [...said.join()].reduce((sum, each) => Math.imul(sum ^ each.codePointAt(0), 0x9e3779b1) ^ (sum >>> 15), 7);
  const signs = new Map([[null, 0]]);
  const sign = (element) => {
    if (!signs.has(element)) {
      const { color, backgroundColor, backgroundImage, opacity, position } = getComputedStyle(element);
      const own = [element.localName, element.className, color, backgroundColor, backgroundImage, opacity, position];
      signs.set(element, hash(sign(element.parentElement), ...own));
    }
    return signs.get(element);
  };
  const kind = (element) => {
    const { fontSize, fontWeight, textDecorationLine } = getComputedStyle(element);
    const isAlone = element.textContent.trim() === element.parentElement.textContent.trim();
    return hash(sign(element), fontSize, fontWeight, textDecorationLine, isAlone, element.disabled);
  };
  const says = (element) =>
    element.matches("input, select, textarea") ||
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const found = new Map();
  for (const element of document.body.querySelectorAll("*"))
    if (says(element) && element.checkVisibility({ visibilityProperty: true })) {
      const which = kind(element);
      if (!found.has(which)) found.set(which, element);
    }
  known.forEach((each) => found.delete(each));
  const kinds = [...found.keys()];
  if (!kinds.length) return { kinds, violations: [] };
  return axe.run({ include: [...found.values()] }, options).then(({ violations }) => ({ kinds, violations }));
}
"""
_without_fault: set[int] = set()
"""Kinds of text that this process has looked at."""
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
        _resize(page, width)
        for theme in ("dark", "light"):
            page.emulate_media(color_scheme=theme)
            found += [f"{width} {theme} {each}" for each in _faults_of_colour(page)]
        found += [f"{width} {each}" for each in _told(page.evaluate(_RUN, THE_REST))]
        found += sideways(page)
    for width in BETWEEN:
        _resize(page, width)
        found += sideways(page)
    _resize(page, WIDTHS[0])
    return found


def _resize(page: Page, width: int) -> None:
    if page.viewport_size != (wanted := ViewportSize(width=width, height=900)):
        page.set_viewport_size(wanted)


def sideways(page: Page) -> list[str]:
    """The page itself, and its tables, as far as they need scrolling sideways."""
    return list(page.evaluate(_SIDEWAYS))


def _faults_of_colour(page: Page) -> list[str]:
    answer = page.evaluate(_RUN_ON_NEW_KINDS, [COLOURS, list(_without_fault)])
    if not answer["violations"]:
        _without_fault.update(answer["kinds"])
    return list(_told(answer["violations"]))


def _told(violations: list[dict[str, Any]]) -> Iterator[str]:
    """Rule, element, and what is wrong with it."""
    for rule in violations:
        for node in rule["nodes"]:
            said = "; ".join(each["message"] for each in node["any"] + node["all"] + node["none"])
            yield f"{rule['id']}: {node['html'][:160]} – {said}"
