"""A message's HTML, made harmless: no script, no form, nothing from elsewhere."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

import nh3

from console.mailboxes.reading import Attachment

POLICY = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
LARGEST_IMAGE = 2 * 1024 * 1024
IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})

_LAYOUT = {"style", "align", "valign", "width", "height", "bgcolor", "color", "dir", "lang", "title"}
_TABLE = {"border", "cellpadding", "cellspacing", "colspan", "rowspan"}
_TAGS = nh3.ALLOWED_TAGS | {"center", "font", "tt", "big", "u", "s"}
_ATTRIBUTES = {"*": _LAYOUT, "table": _TABLE, "td": _TABLE, "th": _TABLE, "font": {"face", "size"}}
_ATTRIBUTES |= {"a": {"href"}, "img": {"src", "alt"}, "ol": {"start", "type"}}

PAGE = """<!doctype html><html><head><meta charset="utf-8"><meta name="color-scheme" content="light">
<style>body{margin:16px;font:14px/1.5 sans-serif;color:#111;background:#fff;overflow-wrap:anywhere}
img{max-width:100%%}a{pointer-events:none}</style></head><body>%s</body></html>"""


def page(html: str, images: list[Attachment], content: Callable[[int], bytes]) -> str:
    """A whole document. Pictures that the message carries (`cid:`) are put in; `content(number)` gives their bytes."""
    by_cid = {each.cid: each for each in images if each.cid and each.content_type in IMAGES}

    def attribute(tag: str, name: str, value: str) -> str | None:
        if tag == "img" and name == "src":
            return _picture(value, by_cid, content)
        return value

    cleaned = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=attribute,
        url_schemes={"http", "https", "mailto", "cid", "data"},
    )
    return PAGE % cleaned


def _picture(source: str, by_cid: dict[str, Attachment], content: Callable[[int], bytes]) -> str | None:
    if source.startswith(tuple(f"data:{kind};base64," for kind in IMAGES)):
        return source
    found = by_cid.get(source.removeprefix("cid:")) if source.startswith("cid:") else None
    if found is None or found.size > LARGEST_IMAGE:
        return None
    return f"data:{found.content_type};base64,{b64encode(content(found.number)).decode()}"
