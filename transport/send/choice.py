"""Which Send connector takes a message, and why this one (Exchange reference, section 8.3).

A connector that is too small for a message, or not for its sender, is as if it were not there. Of the others the one
with the most specific address space takes it, then the one with the lowest cost, then the first by name
(`address_spaces` has them in that order).

Whom a connector accepts messages from, or rejects them from, follows Sending mail outward, section 4.1: who has signed
in is known by that; of others only the MAIL FROM is known, which may close a door and never opens one. Without sender
and sign-in come reports: they pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import NamedTuple

import msgspec

from transport.config.address_space import AddressSpace
from transport.config.domains import domain_of
from transport.config.kinds import show_size
from transport.config.named_sender import NamedSender
from transport.config.permissions import PRINCIPALS
from transport.config.send_connector import SendConnector


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
    REJECTED = "its list RejectMessagesFrom names the sender"
    NOT_ACCEPTED = "its list AcceptMessagesFrom does not name the sender"
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

    @property
    def words(self) -> str:
        """Why, as a clause."""
        return self.why.value.format(self)

    def __str__(self) -> str:
        return f"{self.connector.name}: {self.words}"


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
        if self.connector is not None:
            return ""
        for each in self.passed:
            if each.why in RESTRICTIONS:
                name = each.connector.name.encode("ascii", "replace").decode()
                return NOT_ALLOWED.format(name, RESTRICTIONS[each.why])
        return TOO_LARGE if any(each.why is Why.TOO_LARGE for each in self.passed) else ""

    @property
    def why(self) -> str:
        """In one sentence."""
        if self.connector is None or self.space is None:
            found = self.refusal or "No enabled Send connector has an address space for it"
        else:
            found = f"{self.connector.name}: address space {self.space.domain}, cost {self.space.cost}"
        return ". ".join([found, *(f"Passed over: {each}" for each in self.passed[:1])]) + "."


RESTRICTIONS = {Why.REJECTED: "RejectMessagesFrom", Why.NOT_ACCEPTED: "AcceptMessagesFrom"}
NOT_ALLOWED = '550 5.7.1 The Send connector "{}" takes no messages from this sender ({})'
TOO_LARGE = "550 5.3.4 ROUTING.SizeLimit; message size exceeds fixed maximum size for route"


class Candidate(NamedTuple):
    """A connector with one of its address spaces, and whom it is for. Empty: everybody. All names are in lower case.

    `senders`: addresses and domains. `sources`: Receive connectors. `accepted`: users, None for everybody. `rejected`:
    users, and addresses that mail may not come from.
    """

    connector: SendConnector
    space: AddressSpace
    senders: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    accepted: frozenset[str] | None = None
    rejected: frozenset[str] = frozenset()

    @property
    def rank(self) -> tuple[int, str, str]:
        """Among those with the same address space."""
        return self.space.cost, self.connector.name.lower(), self.connector.name


Meant = Mapping[str, NamedSender]
"""Whom each name means in the lists of Send connectors; all names are in lower case."""


def candidates_of(connector: SendConnector, meant: Meant) -> list[Candidate]:
    """A connector with each of its address spaces. An address that is nobody's stands for itself."""
    senders = frozenset(sender.lower().removeprefix("@") for sender in connector.senders)
    sources = frozenset(name.lower() for name in connector.source_receive_connectors)
    accepted = _users(connector.accept_messages_from, meant) if connector.accept_messages_from else None
    rejected = _users(connector.reject_messages_from, meant) | _addresses(connector.reject_messages_from, meant)
    return [Candidate(connector, space, senders, sources, accepted, rejected) for space in connector.address_spaces]


def _users(names: Iterable[str], meant: Meant) -> frozenset[str]:
    return frozenset(user for name in names if (found := meant.get(name.lower())) for user in found.principals)


def _addresses(names: Iterable[str], meant: Meant) -> frozenset[str]:
    """Also those of users who are named: mail that gives their address without signing in is theirs, too (Sending mail
    outward, section 4.1: what nobody proved may close a door, and never opens one)."""
    lower = [name.lower() for name in names]
    theirs = (address for name in lower if (found := meant.get(name)) for address in found.addresses)
    return frozenset(theirs).union(name for name in lower if "@" in name)


def names_of(sender: str) -> tuple[str, ...]:
    """By which a list may name a sender: the address, its domain. None of the null sender."""
    return (sender.lower(), domain_of(sender)) if sender else ()


def user_of(principal: str) -> str:
    r"""The user who signed in, as `domain\name` in lower case; '' for those whom nobody had to prove."""
    return principal.lower() if "\\" in principal and principal not in PRINCIPALS else ""


def objection(candidate: Candidate, mail: Mail) -> Why | None:
    """Why a connector does not take a message, if so."""
    limit = candidate.connector.max_message_size
    if limit is not None and mail.size > limit:
        return Why.TOO_LARGE
    if candidate.senders and candidate.senders.isdisjoint(names_of(mail.sender)):
        return Why.OTHER_SENDERS
    if candidate.sources and mail.connector.lower() not in candidate.sources:
        return Why.OTHER_SOURCE
    return _restriction(candidate, mail)


def _restriction(candidate: Candidate, mail: Mail) -> Why | None:
    user = user_of(mail.principal)
    if not user and not mail.sender:
        return None
    if user in candidate.rejected or mail.sender.lower() in candidate.rejected:
        return Why.REJECTED
    if candidate.accepted is not None and user not in candidate.accepted:
        return Why.NOT_ACCEPTED
    return None


def behind(connectors: Iterable[SendConnector], candidates: Iterable[Candidate], choice: Choice) -> list[Passed]:
    """The connectors that a choice did not even ask, and why, in their order: for people; no message needs it."""
    known = {each.connector.name for each in choice.passed} | {choice.connector.name if choice.connector else ""}
    ranked: dict[str, Passed] = {}
    for each in candidates:
        if each.connector.name not in known:
            ranked.setdefault(each.connector.name, Passed(each.connector, _worse(each, choice), each.space))
    rest = (each for each in connectors if each.name not in known and each.name not in ranked)
    return [*ranked.values(), *(Passed(each, Why.ELSEWHERE if each.enabled else Why.DISABLED) for each in rest)]


def _worse(candidate: Candidate, choice: Choice) -> Why:
    assert choice.space is not None  # a candidate that was not asked stands behind the one that took the message
    if candidate.space.domain.lower() != choice.space.domain.lower():
        return Why.LESS_SPECIFIC
    return Why.DEARER if candidate.space.cost > choice.space.cost else Why.LATER


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
