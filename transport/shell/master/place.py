"""A transport's place among those of its node: told by the master in the environment, GATEPOST_MASTER."""

from collections.abc import Mapping

import msgspec

from transport.config.endpoint import Binding
from transport.node import MOST_TRANSPORTS

VARIABLE = "GATEPOST_MASTER"


class Place(msgspec.Struct, frozen=True):
    """`number` counts from 0; there are `of`. `node` names all of them together; `channel` and `counts` are
    descriptors; `master` is the process that must not be outlived; `given` are the sockets that systemd has opened.
    """

    node: str
    number: int
    of: int
    channel: int
    counts: int
    master: int
    given: tuple[Binding, ...] = ()

    @property
    def former(self) -> list[str]:
        """The names of those that this node does not have, but may have had."""
        every = {self.node, *(f"{self.node}-{number}" for number in range(1, MOST_TRANSPORTS + 1))}
        return sorted(every - set(names(self.node, self.of)))


def names(node: str, of: int) -> list[str]:
    """One transport is called as the node is, several are numbered from 1."""
    return [node] if of == 1 else [f"{node}-{number}" for number in range(1, of + 1)]


def place(variables: Mapping[str, str]) -> Place | None:
    """None for a transport without a master."""
    told = variables.get(VARIABLE)
    return msgspec.json.decode(told, type=Place) if told else None
