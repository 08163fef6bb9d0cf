"""Mail that no Send connector may take: it comes back, with the reply that its next hop is named after."""

from collections.abc import Iterator

from transport.deliver.way import NOBODY, Asked, Outcome
from transport.send import remote_reply
from transport.send.dsn import Action
from transport.send.parcel import Parcel, alike


class Undeliverable:
    """`reply`: code, status and text, such as `550 5.3.4 …`."""

    peer = NOBODY
    reached, asked = True, Asked()
    lingers = 0.0
    confirms: Action | None = None

    def __init__(self, reply: str) -> None:
        code, _, text = reply.partition(" ")
        self._verdict = remote_reply.judge(int(code), text)

    def send(self, parcels: list[Parcel]) -> Iterator[Outcome]:
        for parcel in parcels:
            yield parcel, alike(parcel, self._verdict)

    def close(self) -> None:
        """Nothing is open."""
