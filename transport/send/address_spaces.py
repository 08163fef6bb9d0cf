"""The address spaces of all Send connectors, in the order in which they are asked (Exchange reference, section 8.3).

`--` stands for all accepted domains; it goes before `*` and behind every name, which no source says.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from transport.config.address_space import ACCEPTED_DOMAINS, EVERYTHING
from transport.config.named_sender import NamedSender
from transport.config.send_connector import SendConnector
from transport.send.choice import Candidate, Mail, candidates_of, names_of, user_of
from transport.send.window import has_oversize_times

Chain = tuple[str, ...]
"""The address spaces, by name, that a domain lies in; the most specific first."""
_BEYOND = 2**63 - 1
_SOMEBODY, _SOME_USER = "?", "\\"
"""A sender, and a user, whom no list names."""


class AddressSpaces:
    """Those of enabled connectors, prepared: a look for each label of a name finds those it lies in, however many
    connectors there are.
    """

    def __init__(self, connectors: Iterable[SendConnector], named: Iterable[NamedSender] = ()) -> None:
        meant = {each.name: each for each in named}
        found = [each for connector in connectors if connector.enabled for each in candidates_of(connector, meant)]
        self._spaces: dict[str, list[Candidate]] = {}
        for each in sorted(found, key=lambda each: each.rank):
            self._spaces.setdefault(each.space.domain.lower(), []).append(each)
        limits = {limit for each in found for limit in _limits(each.connector)}
        self._limits = sorted(limit for limit in limits if limit is not None)
        lists = [each.senders | each.rejected | (each.accepted or frozenset()) for each in found]
        self._named: frozenset[str] = frozenset().union(*lists)
        self._sources: frozenset[str] = frozenset().union(*(each.sources for each in found))
        self._restricted = any(each.rejected or each.accepted is not None for each in found)

    def chain(self, domain: str, is_accepted: bool) -> Chain:
        """Those that a domain in lower case lies in."""
        return tuple(name for name in _names(domain, is_accepted) if name in self._spaces)

    def candidates(self, chain: Chain) -> Iterator[Candidate]:
        """The connectors of these address spaces, the best first."""
        for name in chain:
            yield from self._spaces[name]

    @property
    def asks(self) -> dict[str, bool | list[int]]:
        """What of messages makes a difference: senders, users, Receive connectors, and from which sizes on."""
        by_sender = bool(self._named) or self._restricted
        sizes = [limit + 1 for limit in self._limits]
        return {
            "by_sender": by_sender, "by_principal": self._restricted, "by_connector": bool(self._sources),
            "sizes": sizes,
        }  # fmt: skip

    def essence(self, mail: Mail) -> Mail:
        """The same for all messages that every connector treats alike, however many those are."""
        place = bisect_left(self._limits, mail.size)
        size = self._limits[place] if place < len(self._limits) else _BEYOND
        connector = mail.connector.lower() if self._sources else ""
        return Mail(self._sender(mail), self._user(mail), size, connector if connector in self._sources else "")

    def _sender(self, mail: Mail) -> str:
        if not mail.sender or not (self._named or self._restricted):
            return ""
        return next((name for name in names_of(mail.sender) if name in self._named), _SOMEBODY)

    def _user(self, mail: Mail) -> str:
        user = user_of(mail.principal) if self._restricted else ""
        return user if user in self._named or not user else _SOME_USER


def _limits(connector: SendConnector) -> Iterator[int | None]:
    """Above which sizes a message takes another connector, or leaves at other times."""
    yield connector.max_message_size
    if has_oversize_times(connector):
        yield connector.oversize_limit


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
