"""PURE. What our own how-tos are written in (CommonMark and tables), as HTML of the console's pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from markdown_it.token import Token

Links = Callable[[str], str]
"""What a link in the text leads to here; empty: nowhere."""

# fmt: off
TAGS = {
    "<pre>": '<pre tabindex="0">',
    "<table>": '<div class="table-scroll" tabindex="0"><table class="rows stacks">', "</table>": "</table></div>",
    "<th>": '<th scope="col">',
}
# fmt: on


def html(text: str, links: Links) -> SafeString:
    """HTML in the text is text, and nothing has a style of its own."""
    from markdown_it import MarkdownIt  # for the pages of help alone

    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    tokens = reader.parse(text)
    for token in tokens:
        _fit(token)
        _lead(token.children or (), links)
    made = str(reader.renderer.render(tokens, reader.options, {}))
    for theirs, ours in TAGS.items():
        made = made.replace(theirs, ours)
    return mark_safe(made)


def _fit(token: Token) -> None:
    """The page has the heading above all others; the alignment of a column would be a style."""
    token.attrs.pop("style", None)
    if token.type.startswith("heading"):
        token.tag = f"h{min(int(token.tag[1:]) + 1, 4)}"


def _lead(inline: Iterable[Token], links: Links) -> None:
    target = ""
    for token in inline:
        if token.type == "link_open":
            target = links(str(token.attrs["href"]))
            token.attrs = {"href": target}
        token.hidden = token.type in ("link_open", "link_close") and not target
