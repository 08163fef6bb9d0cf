"""No open relay by accident: whose name must be typed before strangers may send to whom they like.

The relay proof decides: what is saved is proved, and compared with the proof of what stood before.
"""

from __future__ import annotations

from collections.abc import Collection

from django.core.exceptions import ValidationError

from console.publishing.gateways import RECENT, Gateways, gateway_in, known
from transport.config.endpoint import IPRange, is_private
from transport.config.intervals import is_internet
from transport.receive.exposure import ANYBODY, sends_on
from transport.receive.relay_openings import Opening, newly_open
from transport.receive.relay_proof import Proof


class RelayNotConfirmed(ValidationError):
    """Strangers could relay. `dangers` maps the names that must be typed to who could then reach whom.

    `few`: those of the names for which only a few known clients could.
    """

    def __init__(self, opened: dict[str, Opening], behind: Gateways):
        self.dangers = dangers = {name: danger(opening, behind) for name, opening in opened.items()}
        only = (name for name, each in opened.items() if each.domain is None and few(each.ranges, behind))
        self.few = frozenset(only)
        super().__init__({"confirmation": [f"{danger} Type “{name}” to confirm." for name, danger in dangers.items()]})


def require_confirmation(before: Proof, after: Proof, confirmed: Collection[str]) -> dict[str, str]:
    """What was confirmed: the names of the connectors and domains that open a way to relay, each with its danger.

    Raises RelayNotConfirmed, with all that is to be confirmed, when strangers gain one and not every name is among
    `confirmed`.
    """
    opened = newly_open(before, after)
    behind = known() if opened else {}
    if not opened.keys() <= set(confirmed):
        raise RelayNotConfirmed(opened, behind)
    return {name: danger(opening, behind) for name, opening in opened.items()}


def dangers(before: Proof, after: Proof) -> dict[str, str]:
    """The names that have to be typed for a change, each with who could then reach whom."""
    opened = newly_open(before, after)
    behind = known() if opened else {}
    return {name: danger(opening, behind) for name, opening in opened.items()}


def few(ranges: Collection[IPRange], behind: Gateways) -> bool:
    """Whether these are private networks and single addresses without a gateway, behind which anybody may stand:
    clients that somebody meant.
    """
    meant = all(is_private(each) or each.bounds[1] == each.bounds[2] for each in ranges)
    return meant and gateway_in(ranges, behind) is None


def danger(opening: Opening, behind: Gateways) -> str:
    """Who could reach whom, as one sentence or two, and a third where a gateway is among them."""
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
    return f"Anyone at {shown} could send mail to {whom}, without signing in.{public}{_behind(opening, behind)}"


def _behind(opening: Opening, behind: Gateways) -> str:
    found = gateway_in(opening.ranges, behind)
    if found is None:
        return ""
    name, address = found
    return (
        f" All of the last {RECENT} sessions of {name} came from {address}: it is likely a gateway, and everybody "
        "behind it could do so."
    )
