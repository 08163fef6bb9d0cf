"""PURE. What happens to messages, in the words of Exchange's message tracking (Exchange reference §7.2).

Whoever writes what became of recipients writes its event in the same statement (`@events` in the SQL of the rooms).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum


class Event(StrEnum):
    """`EventId`: those that happen here."""

    RECEIVE = "RECEIVE"
    """A client handed the message in, and it is in the queue."""
    DSN = "DSN"
    """A report was made: an event of the report, and one of the message that it is about."""
    SEND = "SEND"
    DELIVER = "DELIVER"
    DEFER = "DEFER"
    FAIL = "FAIL"
    DROP = "DROP"
    """An administrator removed it, and nobody is told."""
    RESUBMIT = "RESUBMIT"
    """It was routed anew; the status is the next hop for which it waits now."""
    REDIRECT = "REDIRECT"
    """An administrator gave it another address (the status is the former one) or another Send connector."""
    POISONMESSAGE = "POISONMESSAGE"
    """It made delivery stumble and was set aside."""


class Source(StrEnum):
    """Who did it."""

    SMTP = "SMTP"
    STOREDRIVER = "STOREDRIVER"
    DNS = "DNS"
    ROUTING = "ROUTING"
    QUEUE = "QUEUE"
    ADMIN = "ADMIN"
    DSN = "DSN"
    POISONMESSAGE = "POISONMESSAGE"


SOURCES: dict[Event, tuple[Source, ...]] = {
    Event.RECEIVE: (Source.SMTP,),
    Event.DSN: (Source.DSN,),
    Event.SEND: (Source.SMTP,),
    Event.DELIVER: (Source.STOREDRIVER,),
    Event.DEFER: (Source.SMTP, Source.STOREDRIVER, Source.DNS),
    Event.FAIL: (Source.SMTP, Source.STOREDRIVER, Source.DNS, Source.ROUTING, Source.QUEUE, Source.ADMIN),
    Event.DROP: (Source.ADMIN,),
    Event.RESUBMIT: (Source.ROUTING, Source.QUEUE),
    Event.REDIRECT: (Source.ADMIN,),
    Event.POISONMESSAGE: (Source.POISONMESSAGE,),
}
"""Which sources an event may have."""

FIRST = (Event.RECEIVE, Event.DSN)
"""Those that a message begins with."""


def with_source(source: Source) -> list[Event]:
    """The events that a source may have."""
    return [event for event, sources in SOURCES.items() if source in sources]


MOST_SEARCHED = 100_000
"""Characters of a message's addresses, subject and names that a search finds."""


LONGEST_WORD = 500
"""Characters of a word that count: PostgreSQL takes 2,046 octets."""
_WORD, _ASCII_WORD = re.compile(r"[^\W_]+"), re.compile(r"[a-z0-9]+")
"""In lower case; the second finds the same in half of the time, where nothing else is there."""


def words(texts: Iterable[str]) -> list[str]:
    """What a search of message tracking looks at, and looks for: in lower case, each once."""
    text = " ".join(texts)[:MOST_SEARCHED].lower()
    found = (_ASCII_WORD if text.isascii() else _WORD).findall(text)
    if len(text) > LONGEST_WORD:
        found = [word[:LONGEST_WORD] for word in found]
    return list(dict.fromkeys(found))


def vector(texts: Iterable[str]) -> str:
    """The words as PostgreSQL reads a tsvector: they need no parser, which costs more than all the rest."""
    found = words(texts)
    quoted = "' '".join(found)
    return f"'{quoted}'" if found else ""


def words_wanted(texts: Iterable[str]) -> str:
    """A tsquery: every word begins a word. Empty where there is none."""
    return " & ".join(f"'{word}':*" for word in words(texts))
