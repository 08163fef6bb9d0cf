"""What a way out is: it takes parcels and tells what became of each, by whom and how it was protected."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
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


class Whose(Enum):
    """What rests when nothing may be sent."""

    CONNECTOR = "connector"
    ACCOUNT = "account"
    HOP = "next hop"


class Held(Exception):
    """Nothing may be sent until then, and no message is to blame: all of it waits, and no attempt is counted. The text
    says why, for people.

    `until`: in seconds since 1970; None: until the connector is saved or an administrator lifts it. `account`: the
    credential that rests, where it is one. `is_fault`: somebody has to mend something; else it passes by itself.
    """

    def __init__(
        self,
        until: float | None,
        words: str,
        whose: Whose = Whose.CONNECTOR,
        *,
        account: str = "",
        is_fault: bool = False,
    ) -> None:
        super().__init__(words)
        self.until, self.whose, self.account, self.is_fault = until, whose, account, is_fault


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
        """Every parcel with a verdict for each recipient, in any order.

        Raises Unreachable and Held: what was not yielded was not tried.
        """
        ...

    def close(self) -> None: ...
