"""The words of an administrator in a report: a few elements of HTML, and everything else as it stands.

Sending mail outward, section 5.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape, unescape

from transport.config.system_message import USUAL_LANGUAGE, SystemMessage

_ELEMENT = re.compile(r'<(/?)(b|em|br|p|a)((?:\s+href="(https?://[^"<>\s]+|mailto:[^"<>\s]+)")?)\s*/?>', re.IGNORECASE)
_ENTITY = re.compile(r"&(?:lt|gt|quot|amp);")


def html(text: str) -> str:
    """The text as HTML that holds nothing but B, EM, BR, P and links, each of them closed."""
    written, at, open_ones = [], 0, list[str]()
    for found in _ELEMENT.finditer(text):
        written.append(_shown(text[at : found.start()]))
        written.append(_element(found, open_ones))
        at = found.end()
    closing = "".join(f"</{name}>" for name in reversed(open_ones))
    return "".join(written) + _shown(text[at:]) + closing


def plain(text: str) -> str:
    """The text without elements: a line for each BR and P, and behind the words of a link where it leads to."""
    links: list[str] = []

    def said(found: re.Match[str]) -> str:
        name, closes = found[2].lower(), bool(found[1])
        if name == "a" and not closes:
            links.append(found[4] or "")
        if name == "a" and closes and links and (link := links.pop()):
            return f" ({link})"
        return "\r\n" if name in ("br", "p") else ""

    return unescape(_ELEMENT.sub(said, text)).strip("\r\n")


def _element(found: re.Match[str], open_ones: list[str]) -> str:
    name, link = found[2].lower(), found[4]
    if name == "br":
        return "<br>"
    if not found[1]:
        if name == "a" and not link:
            return escape(found[0])
        open_ones.append(name)
        return f'<a href="{escape(unescape(link))}">' if name == "a" else f"<{name}>"
    if not open_ones or open_ones[-1] != name:
        return ""
    open_ones.pop()
    return f"</{name}>"


def _shown(text: str) -> str:
    """Text between elements: its entities mean what they say."""
    return escape(_ENTITY.sub(lambda found: unescape(found[0]), text))


def chosen(messages: Iterable[SystemMessage], internal: bool, languages: Iterable[str]) -> Mapping[str, str]:
    """Code → own words for a sender who reads these languages, the best first; English stands behind them."""
    mine = [each for each in messages if each.internal == internal and not each.original]
    found: dict[str, str] = {}
    for language in (*languages, USUAL_LANGUAGE):
        for each in mine:
            if _speaks(each.language, language):
                found.setdefault(each.dsn_code, each.text)
    return found


def _speaks(language: str, wanted: str) -> bool:
    one, other = language.lower(), wanted.lower()
    return one == other or one == other.partition("-")[0]


def languages(header_value: str) -> list[str]:
    """The languages of an Accept-Language field, the best first, at most ten (RFC 3282)."""
    weighted = []
    for place, part in enumerate(header_value.split(",")[:10]):
        name, _, weight = part.partition(";")
        text = weight.strip().removeprefix("q=")
        value = float(text) if re.fullmatch(r"[01](?:\.\d{0,3})?", text) else 1.0
        weighted.append((-value, place, name.strip()))
    return [name for _, _, name in sorted(weighted) if name and name != "*"]
