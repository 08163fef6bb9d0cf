"""A message's HTML, made harmless: no script, no form, nothing from elsewhere."""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from urllib.parse import unquote

import nh3

from console.mailboxes.reading import Attachment
from transport.config import bounds

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

TOO_COMPLEX = PAGE % "<p>This HTML is too complex to show. The text and the source of the message can be read.</p>"

# HTML opens formatting elements that were not closed again in each block that follows: n × m nodes of n + m tags.
FORMATTING = frozenset(
    {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
)
ENDLESS = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
ENDED_BY_OTHERS = frozenset(
    {"p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "html", "head", "body"}
)
MOST_NODES = 400_000
DEEPEST = 2_000
MOST_ATTRIBUTES = 1_000

_TAG = re.compile(r"<(/?)([a-z][a-z0-9]{0,20})([^<>]*)", re.IGNORECASE)


def page(html: str, images: list[Attachment], content: Callable[[int], bytes]) -> str:
    """A whole document. Pictures that the message carries are put in; `content(number)` gives their octets."""
    if is_too_complex(html):
        return TOO_COMPLEX
    pictures = _Pictures(images, content)

    def attribute(tag: str, name: str, value: str) -> str | None:
        return pictures.source(value) if tag == "img" and name == "src" else value

    cleaned = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=attribute,
        url_schemes={"http", "https", "mailto", "cid", "data", "part"},
    )
    return PAGE % cleaned


def is_too_complex(html: str) -> bool:
    """Whether its tree would be far larger than itself, by a look at its tags."""
    nodes = depth = formatting = 0
    opened: Counter[str] = Counter()
    for found in _TAG.finditer(html):
        closing, name, attributes = found[1], found[2].lower(), found[3]
        if name in FORMATTING and not (closing and not opened[name]):
            opened[name] += -1 if closing else 1
            formatting += -1 if closing else 1
        if name not in ENDLESS and name not in ENDED_BY_OTHERS:
            depth = max(0, depth - 1) if closing else depth + 1
        nodes += 1 + formatting
        many = len(attributes) > 2 * MOST_ATTRIBUTES and attributes.count("=") > MOST_ATTRIBUTES
        if nodes > MOST_NODES or depth > DEEPEST or many:
            return True
    return False


class _Pictures:
    """The pictures of one message, as long as there is room in its page."""

    def __init__(self, images: list[Attachment], content: Callable[[int], bytes]) -> None:
        shown = [each for each in images if each.content_type in IMAGES]
        self.by_source = {f"cid:{each.cid}": each for each in shown if each.cid}
        self.by_source |= {f"part:{each.number}": each for each in shown}
        self.content, self.room = content, bounds.MESSAGE_PICTURES.octets or 0

    def source(self, source: str) -> str | None:
        """The picture itself; None for one from elsewhere."""
        if source.startswith(tuple(f"data:{kind};base64," for kind in IMAGES)):
            return source
        scheme, colon, name = source.partition(":")
        found = self.by_source.get(scheme.lower() + colon + unquote(name))
        if found is None or found.size > min(LARGEST_IMAGE, self.room):
            return None
        self.room -= found.size
        return f"data:{found.content_type};base64,{b64encode(self.content(found.number)).decode()}"
