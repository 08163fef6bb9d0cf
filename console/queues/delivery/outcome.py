"""What became of mail on its way out, by whom and how."""

from dataclasses import dataclass

from console.queues.delivery.parcel import Parcel
from transport.send.remote_reply import Verdict

Verdicts = dict[int, Verdict]
Outcome = tuple[Parcel, Verdicts]


@dataclass(frozen=True, slots=True)
class Peer:
    """Who gave a verdict. `protection` is how the connection was protected, or why it was not; for people to read."""

    host: str = ""
    protection: str = ""


NOBODY = Peer()


class Unreachable(Exception):
    """The next hop as a whole does not work; the text says why."""
