"""Who may reach whom, over the whole snapshot: the proof that nothing is an open relay, or the list of what is."""

from __future__ import annotations

import msgspec

from transport.config.endpoint import IPRange, is_private
from transport.config.permissions import Right, rights
from transport.config.receive_connector import ReceiveConnector
from transport.config.snapshot import Snapshot
from transport.receive.admission import principal


class Exposure(msgspec.Struct, frozen=True):
    """Clients that send to any address through a connector without signing in."""

    connector: str
    principal: str
    ranges: tuple[IPRange, ...]

    @property
    def public_ranges(self) -> tuple[IPRange, ...]:
        """Those of the ranges that hold addresses of the Internet."""
        return tuple(remote for remote in self.ranges if not is_private(remote))


def exposure(connector: ReceiveConnector) -> Exposure | None:
    """What a connector would let strangers do if it were enabled: None unless they may relay."""
    who = principal(connector)
    held = rights(connector.permission_groups, connector.grants, who)
    if Right.SUBMIT not in held or Right.ACCEPT_ANY_RECIPIENT not in held:
        return None
    return Exposure(connector.name, who, connector.remote_ip_ranges)


def exposures(snapshot: Snapshot) -> list[Exposure]:
    """Every enabled connector through which somebody relays without signing in."""
    found = [exposure(connector) for connector in snapshot.receive_connectors if connector.enabled]
    return [item for item in found if item is not None]
