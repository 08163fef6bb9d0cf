"""Every page that links lead to, each kind of page once, as the server gives it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from django.test import Client
from django.urls import Resolver404, resolve

KIND_OF_PAGE = ("tab", "step", "provider")
"""What in an address makes another page of it, and not another object on the same page."""


def walked(client: Client, start: str = "/") -> dict[str, str]:
    """Their addresses and what stands on them, in the order in which they are found from `start`."""
    seen: set[tuple[str, ...]] = set()
    found, waiting = dict[str, str](), [start]
    while waiting:
        url = waiting.pop(0)
        kind = _kind(url)
        if kind is None or kind in seen:
            continue
        seen.add(kind)
        answer: Any = client.get(url)
        if answer.status_code == 302:
            waiting.append(answer["Location"])
        elif answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            found[url] = answer.content.decode()
            waiting += _links(found[url])
    return found


def _links(html: str) -> Iterator[str]:
    """Of the page's own part first: its objects come before those of a menu."""
    frame, _main, content = html.partition("<main")
    for tag in re.findall(r"<a [^>]*>", content + frame):
        link = re.search(r'href="(/[^"#]*)', tag)
        if link and " download" not in tag and "sign-out" not in tag:
            yield unescape(link[1])


def _kind(url: str) -> tuple[str, ...] | None:
    try:
        found = resolve(url.partition("?")[0])
    except Resolver404:
        return None
    return found.view_name, *(str(found.kwargs.get(name, "")) for name in KIND_OF_PAGE)
