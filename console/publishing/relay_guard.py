"""No open relay by accident: whose name must be typed before strangers may send to whom they like.

The relay proof decides: what is saved is proved, and compared with the proof of what stood before.
"""

from __future__ import annotations

from collections.abc import Collection

from django.core.exceptions import ValidationError

from transport.config.endpoint import IPRange, is_private
from transport.config.intervals import is_internet
from transport.receive.exposure import ANYBODY, sends_on
from transport.receive.relay_openings import Opening, newly_open
from transport.receive.relay_proof import Proof


class RelayNotConfirmed(ValidationError):
    """Strangers could relay. `dangers` maps the names that must be typed to who could then reach whom.

    `few`: those of the names for which only a few known clients could.
    """

    def __init__(self, opened: dict[str, Opening]):
        self.dangers = dangers = {name: danger(opening) for name, opening in opened.items()}
        self.few = frozenset(name for name, opening in opened.items() if opening.domain is None and few(opening.ranges))
        super().__init__({"confirmation": [f"{danger} Type “{name}” to confirm." for name, danger in dangers.items()]})


def require_confirmation(before: Proof, after: Proof, confirmed: Collection[str]) -> dict[str, str]:
    """What was confirmed: the names of the connectors and domains that open a way to relay, each with its danger.

    Raises RelayNotConfirmed, with all that is to be confirmed, when strangers gain one and not every name is among
    `confirmed`.
    """
    opened = newly_open(before, after)
    if not opened.keys() <= set(confirmed):
        raise RelayNotConfirmed(opened)
    return {name: danger(opening) for name, opening in opened.items()}


def dangers(before: Proof, after: Proof) -> dict[str, str]:
    """The names that have to be typed for a change, each with who could then reach whom."""
    return {name: danger(opening) for name, opening in newly_open(before, after).items()}


def few(ranges: Collection[IPRange]) -> bool:
    """Whether these are private networks and single addresses: clients that somebody meant."""
    return all(is_private(each) or each.bounds[1] == each.bounds[2] for each in ranges)


def danger(opening: Opening) -> str:
    """Who could reach whom, as one sentence or two."""
    if opening.domain is not None and not sends_on(opening.domain):
        return f"Mail for {opening.whom} would be taken and kept here; your own users would reach nobody there."
    if opening.server:
        return f"The server that it asks for mail could send mail to {opening.whom} through this server."
    if not opening.ranges:
        return f"Whoever may send here could send mail to {opening.whom} through this server: a relay."
    if is_internet(opening.ranges):
        return f"Everyone on the Internet could send mail to {opening.whom} through this server: an open relay."
    more = len(opening.ranges) - 4
    some = ", ".join(map(str, opening.ranges if more < 2 else opening.ranges[:4]))
    shown = some if more < 2 else f"{some} and {more} more ranges"
    public = "" if all(map(is_private, opening.ranges)) else " Some of these addresses are public."
    whom = f"{ANYBODY} in the world" if opening.whom == ANYBODY else opening.whom
    return f"Anyone at {shown} could send mail to {whom}, without signing in.{public}"
