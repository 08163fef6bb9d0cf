"""A transport's place in the crew of its node: told by the parent in the environment, GATEPOST_CREW."""

from collections.abc import Mapping

import msgspec

from transport.node import MOST_TRANSPORTS

VARIABLE = "GATEPOST_CREW"


class Place(msgspec.Struct, frozen=True):
    """`number` counts from 0; there are `of`. `crew` names all of them together; `channel` and `counts` are
    descriptors; `parent` is the process that must not be outlived.
    """

    crew: str
    number: int
    of: int
    channel: int
    counts: int
    parent: int

    @property
    def former(self) -> list[str]:
        """The names of those that this crew does not have, but may have had."""
        every = {self.crew, *(f"{self.crew}-{number}" for number in range(1, MOST_TRANSPORTS + 1))}
        return sorted(every - set(names(self.crew, self.of)))


def names(crew: str, of: int) -> list[str]:
    """One transport is called as the crew is, several are numbered from 1."""
    return [crew] if of == 1 else [f"{crew}-{number}" for number in range(1, of + 1)]


def place(variables: Mapping[str, str]) -> Place | None:
    """None for a transport without a parent."""
    told = variables.get(VARIABLE)
    return msgspec.json.decode(told, type=Place) if told else None
