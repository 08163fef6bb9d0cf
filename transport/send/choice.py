"""Which Send connector takes a message, and why this one (Exchange reference, section 8.3).

A connector that is too small for a message, or not for its sender, is as if it were not there. Of the others the one
with the most specific address space takes it, then the one with the lowest cost, then the first by name. `--` stands
for all accepted domains; it goes before `*` and behind every name, which no source says.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import NamedTuple

import msgspec

from transport.config.address_space import ACCEPTED_DOMAINS, EVERYTHING, AddressSpace
from transport.config.domains import domain_of
from transport.config.kinds import show_size
from transport.config.send_connector import SendConnector

Chain = tuple[str, ...]
"""The address spaces, by name, that a domain lies in; the most specific first."""
_BEYOND = 2**63 - 1


class Mail(NamedTuple):
    """The facts of a message that may decide. `sender`: the reverse-path, '' for the null one; `principal`: who handed
    it in; `size`: in bytes; `connector`: the Receive connector it came by, '' for our own.
    """

    sender: str = ""
    principal: str = ""
    size: int = 0
    connector: str = ""


class Why(Enum):
    """Why a connector was passed over."""

    TOO_LARGE = "the message is larger than its {0.size}"
    OTHER_SENDERS = "it is only for certain senders, and not for this one"
    OTHER_SOURCE = "it is only for mail of certain Receive connectors, and not of this one"
    LESS_SPECIFIC = "its address space {0.space.domain} is less specific"
    DEARER = "its cost, {0.space.cost}, is higher"
    LATER = "its name comes later"
    ELSEWHERE = "it has no such address space"
    DISABLED = "it is disabled"


class Passed(msgspec.Struct, frozen=True):
    """A connector that did not take a message; `space` is the address space by which it might have."""

    connector: SendConnector
    why: Why
    space: AddressSpace | None = None

    @property
    def size(self) -> str:
        """Its largest message."""
        return show_size(self.connector.max_message_size or 0)

    def __str__(self) -> str:
        return f"{self.connector.name}: {self.why.value.format(self)}"


class Choice(msgspec.Struct, frozen=True):
    """The connector that takes a message, by which address space, and those that would have come before it.

    Without a connector: `refusal` is the reply for the sender, or empty where the message waits for a connector.
    """

    connector: SendConnector | None = None
    space: AddressSpace | None = None
    passed: tuple[Passed, ...] = ()

    @property
    def refusal(self) -> str:
        """What a report says of a message that no connector may ever take."""
        if self.connector is None and any(each.why is Why.TOO_LARGE for each in self.passed):
            return TOO_LARGE
        return ""

    @property
    def why(self) -> str:
        """In one sentence."""
        if self.connector is None or self.space is None:
            found = self.refusal or "No enabled Send connector has an address space for it"
        else:
            found = f"{self.connector.name}: address space {self.space.domain}, cost {self.space.cost}"
        return ". ".join([found, *(f"Passed over: {each}" for each in self.passed[:1])]) + "."


TOO_LARGE = "550 5.3.4 ROUTING.SizeLimit; message size exceeds fixed maximum size for route"


class Candidate(NamedTuple):
    """A connector with one of its address spaces, and whom it is for; `senders` are addresses and domains. Empty: all.

    All names are in lower case.
    """

    connector: SendConnector
    space: AddressSpace
    senders: frozenset[str]
    sources: frozenset[str]

    @property
    def rank(self) -> tuple[int, str, str]:
        """Among those with the same address space."""
        return self.space.cost, self.connector.name.lower(), self.connector.name


class AddressSpaces:
    """The address spaces of all enabled connectors, prepared: a look for each label of a name finds those it lies in,
    however many connectors there are.
    """

    def __init__(self, connectors: Iterable[SendConnector]) -> None:
        self._spaces: dict[str, list[Candidate]] = {}
        limits: set[int] = set()
        named: set[str] = set()
        sources: set[str] = set()
        for connector in connectors:
            if connector.enabled:
                own = _candidates(connector)
                if connector.max_message_size is not None:
                    limits.add(connector.max_message_size)
                named = named.union(*(each.senders for each in own))
                sources = sources.union(*(each.sources for each in own))
                for each in own:
                    self._spaces.setdefault(each.space.domain.lower(), []).append(each)
        for candidates in self._spaces.values():
            candidates.sort(key=lambda each: each.rank)
        self._limits, self._named, self._sources = sorted(limits), frozenset(named), frozenset(sources)

    def chain(self, domain: str, is_accepted: bool) -> Chain:
        """Those that a domain in lower case lies in."""
        return tuple(name for name in _names(domain, is_accepted) if name in self._spaces)

    def candidates(self, chain: Chain) -> Iterator[Candidate]:
        """The connectors of these address spaces, the best first."""
        for name in chain:
            yield from self._spaces[name]

    @property
    def asks(self) -> dict[str, bool | list[int]]:
        """What of messages makes a difference: senders, Receive connectors, and from which sizes on."""
        sizes = [limit + 1 for limit in self._limits]
        return {"by_sender": bool(self._named), "by_connector": bool(self._sources), "sizes": sizes}

    def essence(self, mail: Mail) -> Mail:
        """The same for all messages that every connector treats alike, however many those are."""
        place = bisect_left(self._limits, mail.size)
        size = self._limits[place] if place < len(self._limits) else _BEYOND
        sender = next((name for name in names_of(mail.sender) if name in self._named), "") if self._named else ""
        connector = mail.connector.lower() if self._sources else ""
        return Mail(sender, "", size, connector if connector in self._sources else "")


def _candidates(connector: SendConnector) -> list[Candidate]:
    senders = frozenset(sender.lower().removeprefix("@") for sender in connector.senders)
    sources = frozenset(name.lower() for name in connector.source_receive_connectors)
    return [Candidate(connector, space, senders, sources) for space in connector.address_spaces]


def _names(domain: str, is_accepted: bool) -> Iterator[str]:
    """Every address space that a domain could lie in; the most specific first. A wildcard covers the name too."""
    yield domain
    name = "" if domain.startswith("[") else domain
    while name:
        yield f"*.{name}"
        name = name.partition(".")[2]
    if is_accepted:
        yield ACCEPTED_DOMAINS
    yield EVERYTHING


def names_of(sender: str) -> tuple[str, ...]:
    """By which a list of senders may name one: the address, its domain. None of the null sender."""
    return (sender.lower(), domain_of(sender)) if sender else ()


def objection(candidate: Candidate, mail: Mail) -> Why | None:
    """Why a connector does not take a message, if so."""
    limit = candidate.connector.max_message_size
    if limit is not None and mail.size > limit:
        why = Why.TOO_LARGE
    elif candidate.senders and candidate.senders.isdisjoint(names_of(mail.sender)):
        why = Why.OTHER_SENDERS
    elif candidate.sources and mail.connector.lower() not in candidate.sources:
        why = Why.OTHER_SOURCE
    else:
        return None
    return why


def choose(candidates: Iterable[Candidate], mail: Mail) -> Choice:
    """The first that takes a message, of candidates in their order."""
    passed: dict[str, Passed] = {}
    for candidate in candidates:
        connector, space = candidate.connector, candidate.space
        if connector.name in passed:
            continue
        why = objection(candidate, mail)
        if why is None:
            return Choice(connector, space, tuple(passed.values()))
        passed[connector.name] = Passed(connector, why, space)
    return Choice(passed=tuple(passed.values()))
