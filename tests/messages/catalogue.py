"""The German catalogue: what stands in it, and the same after the code has changed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import polib

from tests.messages.extraction import ROOT, Message, every_message

PO = ROOT / "console/locale/de/LC_MESSAGES/django.po"
MO = PO.with_suffix(".mo")
HEAD = {
    "Project-Id-Version": "Gatepost",
    "Language": "de",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=2; plural=(n != 1);",
}
ONE_LINE = 100_000
PLACES = re.compile(r"%\(\w+\)[a-z]|%[a-z%]|\{\w*\}|<[^>]+>")
"""What a translation must keep: the places of values, and markup."""


def read(path: Path = PO) -> polib.POFile:
    return polib.pofile(str(path), wrapwidth=ONE_LINE)


def message_of(entry: polib.POEntry) -> Message:
    return Message(entry.msgid, entry.msgid_plural or "", entry.msgctxt or "")


def renewed(former: Iterable[polib.POEntry], messages: Iterable[Message]) -> polib.POFile:
    """A catalogue of these messages, in their order, with the translations that there are."""
    known = {message_of(entry): entry for entry in former}
    made = polib.POFile(wrapwidth=ONE_LINE)
    made.metadata = dict(HEAD)
    made.extend(known.get(message) or _empty(message) for message in sorted(messages))
    return made


def _empty(message: Message) -> polib.POEntry:
    places = {"msgstr_plural": {0: "", 1: ""}, "msgid_plural": message.plural} if message.plural else {}
    return polib.POEntry(msgid=message.text, msgctxt=message.context or None, **places)


def renew() -> polib.POFile:
    """Writes both files anew after the code, and gives the catalogue."""
    made = renewed(read() if PO.exists() else (), every_message())
    PO.parent.mkdir(parents=True, exist_ok=True)
    made.save(str(PO))
    made.save_as_mofile(str(MO))
    return made
