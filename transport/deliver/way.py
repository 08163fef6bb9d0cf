"""What a way out is: it takes parcels and tells what became of each, by whom and how it was protected."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import time
from typing import Protocol, Self

from transport.send.dsn import Action
from transport.send.parcel import Parcel, Verdicts
from transport.send.provider_replies import Act, Ruling, Whose

Outcome = tuple[Parcel, Verdicts]


@dataclass(frozen=True, slots=True)
class Peer:
    """Who gave a verdict. `protection` is how the connection was protected, or why it was not; for people to read.
    `session_id`: under which the protocol log has the conversation.
    """

    host: str = ""
    protection: str = ""
    session_id: str = ""


NOBODY = Peer()


@dataclass(slots=True)
class Asked:
    """What hosts were asked to take, and may count: messages, and their recipients in all."""

    messages: int = 0
    recipients: int = 0

    def count(self, recipients: int) -> None:
        """One more message."""
        self.messages += 1
        self.recipients += recipients

    def taken(self) -> "tuple[int, int]":
        """Messages and recipients since the last time."""
        found = self.messages, self.recipients
        self.messages = self.recipients = 0
        return found


class Unreachable(Exception):
    """The next hop as a whole does not work; the text says why."""


class Held(Exception):
    """Nothing may be sent until then, and no message is to blame: all of it waits, and no attempt is counted. The text
    says why, for people.

    `until`: in seconds since 1970; None: until the connector is saved or an administrator lifts it. `account`: the
    credential that rests, where it is one. `is_fault`: somebody has to mend something; else it passes by itself.
    `grows`: the end is a guess, and a later one is made each time that it was wrong.
    """

    def __init__(
        self,
        until: float | None,
        words: str,
        whose: Whose = Whose.CONNECTOR,
        *,
        account: str = "",
        is_fault: bool = False,
        grows: bool = False,
    ) -> None:
        super().__init__(words)
        self.until, self.whose, self.account = until, whose, account if whose is Whose.ACCOUNT else ""
        self.is_fault, self.grows = is_fault, grows

    def of(self, account: str) -> "Held":
        """The same, where only this credential is to blame."""
        return Held(self.until, str(self), Whose.ACCOUNT, account=account, is_fault=self.is_fault, grows=self.grows)

    @classmethod
    def by(cls, ruling: Ruling, account: str) -> Self:
        """As a reply of a host says, heard on a connection that signed in with `account`."""
        until = time() + ruling.seconds
        return cls(until, ruling.words, ruling.whose, account=account, is_fault=ruling.act is Act.STOP, grows=True)


class Way(Protocol):
    peer: Peer
    """Who gave the outcome that was yielded last."""
    reached: bool
    """Whether the next hop has answered about a message."""
    asked: Asked
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
