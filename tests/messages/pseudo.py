"""A language in which every message stands in brackets, so that what does not come from the catalogue is seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import django
import polib

from tests.messages.catalogue import PO, read

PSEUDO = "xx"
OPEN, CLOSE = "⟦", "⟧"
OF_DJANGO = ("conf/locale", "contrib/auth/locale", "contrib/humanize/locale")


def write(folder: Path) -> None:
    """Puts the catalogue of the pseudo-language below `folder`, as LOCALE_PATHS has it."""
    made = polib.POFile()
    made.metadata = {"Content-Type": "text/plain; charset=UTF-8", "Plural-Forms": "nplurals=2; plural=(n != 1);"}
    of_django = [Path(django.__file__).parent / each / "de/LC_MESSAGES/django.po" for each in OF_DJANGO]
    for path in (PO, *of_django):
        made.extend(_bracketed(entry) for entry in read(path) if not entry.obsolete)
    target = folder / PSEUDO / "LC_MESSAGES"
    target.mkdir(parents=True)
    made.save_as_mofile(str(target / "django.mo"))


def _bracketed(entry: polib.POEntry) -> polib.POEntry:
    if entry.msgid_plural:
        entry.msgstr_plural = {0: f"{OPEN}{entry.msgid}{CLOSE}", 1: f"{OPEN}{entry.msgid_plural}{CLOSE}"}
    else:
        entry.msgstr = f"{OPEN}{entry.msgid}{CLOSE}"
    entry.flags = []
    return entry


SAID_IN = ("title", "placeholder", "aria-label", "alt", "label", "data-confirm", "data-title")
NOT_WORDS = {"script", "style", "code", "pre", "kbd", "samp", "time", "svg", "textarea"}
VOID = {"input", "br", "img", "link", "meta", "hr", "col", "wbr", "use", "source", "area", "base"}


class Outside(HTMLParser):
    """Collects the texts of a page that stand in no brackets, with those attributes that people read."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._depth = 0
        self._left_out: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if self._left_out:
            self._left_out += [tag] if tag not in VOID else []
            return
        if tag == "input" and given.get("type") in ("submit", "button", "reset"):
            self._attribute(given.get("value", ""))
        for name in given:
            if name in SAID_IN or name.startswith("data-words"):
                self._attribute(given[name])
        if tag not in VOID and self._is_data(tag, given):
            self._left_out.append(tag)

    @staticmethod
    def _is_data(tag: str, given: dict[str, str]) -> bool:
        by_language = given.get("lang") == "en" and tag != "html"
        return (
            tag in NOT_WORDS
            or given.get("translate") == "no"
            or by_language
            or "mono" in given.get("class", "").split()
        )

    def handle_endtag(self, tag: str) -> None:
        if self._left_out and tag == self._left_out[-1]:
            self._left_out.pop()

    def handle_data(self, data: str) -> None:
        if not self._left_out:
            self.texts.append(self._outside(data))

    def _attribute(self, text: str) -> None:
        kept, self._depth = self._depth, 0
        self.texts.append(self._outside(text))
        self._depth = kept

    def _outside(self, text: str) -> str:
        found = []
        for part in re.split(f"([{OPEN}{CLOSE}])", text):
            if part == OPEN:
                self._depth += 1
            elif part == CLOSE:
                self._depth = max(self._depth - 1, 0)
            elif not self._depth:
                found.append(part)
        return " ".join(" ".join(found).split())


WORD = re.compile(r"(?<![\w.@/\\:<-])[A-Za-z][a-z]+(?![\w@/\\]|\.\w|:\w|-\w)")
URL = re.compile(r"https?://\S+")


def escaped(html: str, data: list[str], names: set[str]) -> Iterator[str]:
    """Texts of a page that are neither in the catalogue nor data; `data`, longest first, is cut out of them."""
    for text in Outside(html).texts:
        left = URL.sub(" ", text)
        for each in data if WORD.search(left) else ():
            if each in left:
                left = re.sub(rf"(?<!\w){re.escape(each)}(?!\w)", " ", left)
        if any(word not in names for word in WORD.findall(left)):
            yield text
