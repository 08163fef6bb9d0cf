"""Receive connectors whose clients all seem to be one and the same machine: a gateway that hides who they are.

It is what the protocol log of the last sessions shows; a configuration says nothing of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from ipaddress import ip_address

from django.db import connection
from django.utils.translation import gettext as _

from console.publishing import queries
from transport.config.endpoint import IPRange, is_private, parse_range
from transport.config.intervals import overlapping
from transport.config.receive_connector import ReceiveConnector
from transport.trace.sessions import Direction

ONE_CLIENT = """
SELECT asked.name, max(recent.remote_address) FROM unnest(%s::text[]) asked(name) CROSS JOIN LATERAL (
    SELECT remote_address FROM tracking_session
    WHERE connector = asked.name AND direction = %s ORDER BY started_at DESC LIMIT %s) recent
GROUP BY asked.name HAVING count(*) = %s AND min(recent.remote_address) = max(recent.remote_address)
"""
RECENT = 50
"""Sessions in a row from one address before it is taken for a gateway."""
Gateways = Mapping[str, str]
"""Connector → the private address from which all its recent sessions came."""


def known() -> Gateways:
    """Of the connectors that are saved and enabled."""
    return gateways(each for each in queries.saved().receive_connectors if each.enabled)


def gateways(connectors: Iterable[ReceiveConnector]) -> Gateways:
    """Of those connectors that are meant for many."""
    asked = {each.name: each for each in connectors}
    with connection.cursor() as cursor:
        cursor.execute(ONE_CLIENT, [list(asked), Direction.RECEIVE.value, RECENT, RECENT])
        found = [(name, address, asked[name]) for name, address in cursor.fetchall()]
    return {name: address for name, address, each in found if not _is_for_one(each) and _hides(each, address)}


def _is_for_one(connector: ReceiveConnector) -> bool:
    return all(remote.bounds[1] == remote.bounds[2] for remote in connector.remote_ip_ranges)


def _hides(connector: ReceiveConnector, address: str) -> bool:
    """Whether an address is likely a gateway's: private, not this machine's own, and not named as a client."""
    client = parse_range(address)
    if ip_address(address.partition("%")[0]).is_loopback:
        return False
    return is_private(client) and not any(remote.bounds == client.bounds for remote in connector.remote_ip_ranges)


def gateway_in(ranges: Collection[IPRange], behind: Gateways) -> tuple[str, str] | None:
    """A connector and its gateway, where that is among these addresses, whichever connector is to answer it."""
    for name, address in behind.items():
        client = [parse_range(address).bounds]
        if any(list(overlapping(each.bounds, client)) for each in ranges):
            return name, address
    return None


def gateway_words(address: str) -> str:
    """What to know when every client seems to be one and the same machine."""
    return _(
        "All of the last %(count)d sessions came from %(address)s, a private address. It is likely a gateway (NAT, a "
        "container network, a load balancer) that hides who the clients are: remote ranges and limits per source then "
        "see one client, and who may relay is everybody behind it. Let the gateway keep the source address, or name "
        "the client with the PROXY protocol."
    ) % {"count": RECENT, "address": address}
