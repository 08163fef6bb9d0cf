"""What a way out is: it takes parcels and tells what became of each, by whom and how it was protected."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from transport.send.dsn import Action
from transport.send.parcel import Parcel, Verdicts

Outcome = tuple[Parcel, Verdicts]


@dataclass(frozen=True, slots=True)
class Peer:
    """Who gave a verdict. `protection` is how the connection was protected, or why it was not; for people to read."""

    host: str = ""
    protection: str = ""


NOBODY = Peer()


class Unreachable(Exception):
    """The next hop as a whole does not work; the text says why."""


class Way(Protocol):
    peer: Peer
    """Who gave the outcome that was yielded last."""
    reached: bool
    """Whether the next hop has answered about a message."""
    lingers: float
    """Seconds for which it is kept open when nothing more is due."""
    confirms: Action | None
    """What a sender who asks for success is told of what was delivered last; None when the next hop tells it."""

    def send(self, parcels: list[Parcel]) -> Iterator[Outcome]:
        """Every parcel with a verdict for each recipient, in any order. Raises Unreachable: the rest was not tried."""
        ...

    def close(self) -> None: ...
