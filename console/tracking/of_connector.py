"""What the protocol log tells of one connector."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from django.db import connection
from django.utils.translation import gettext as _

from console.connectors.models import ReceiveConnector as ConnectorRow
from console.publishing import counts
from console.tracking.conversation import Decision, decisions
from console.tracking.models import Session
from transport.config.endpoint import is_private, parse_range
from transport.config.receive_connector import ProtocolLoggingLevel, ReceiveConnector
from transport.trace.sessions import Direction

RECEIVE = Direction.RECEIVE.value
ONE_CLIENT = """
SELECT asked.name, max(recent.remote_address) FROM unnest(%s::text[]) asked(name) CROSS JOIN LATERAL (
    SELECT remote_address FROM tracking_session
    WHERE connector = asked.name AND direction = %s ORDER BY started_at DESC LIMIT %s) recent
GROUP BY asked.name HAVING count(*) = %s AND min(recent.remote_address) = max(recent.remote_address)
"""
SHOWN = 20  # refusals
LAST = 10  # sessions
RECENT = 50
"""Sessions in a row from one address before it is taken for a gateway."""


@dataclass(frozen=True)
class RefusedReply:
    """A reply that refused: in which session, what was said, and the rule that decided."""

    session: Session
    reply: str
    decision: Decision


def last_sessions(name: str) -> list[Session]:
    """The newest sessions of a connector, as far as they are logged."""
    newest = Session.objects.filter(connector=name, direction=RECEIVE).order_by("-started_at", "-session_id")
    return list(newest.defer("events", "search")[:LAST])


def last_refusals(name: str) -> list[RefusedReply]:
    """The newest refusals of a connector, newest session first."""
    refusing = Session.objects.filter(connector=name, direction=RECEIVE, refused__gt=0)
    sessions = refusing.order_by("-started_at", "-session_id")[:SHOWN]
    found = [
        RefusedReply(each, line.data, decision) for each in sessions for line, decision in reversed(decisions(each))
    ]
    return found[:SHOWN]


def unlogged() -> int:
    """Connections of the last 24 hours through connectors that keep no protocol log now."""
    silent = ConnectorRow.objects.filter(protocol_logging_level=ProtocolLoggingLevel.None_.value)
    names = silent.values_list("name", flat=True)
    return counts.total("connected", "connector", counts.SPANS["24h"].since(), *names) if names else 0


def gateways(connectors: Iterable[ReceiveConnector]) -> dict[str, str]:
    """Connector → the private address from which all its recent sessions came, of those that are meant for many."""
    asked = {each.name: each for each in connectors}
    with connection.cursor() as cursor:
        cursor.execute(ONE_CLIENT, [list(asked), RECEIVE, RECENT, RECENT])
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


def gateway_words(address: str) -> str:
    """What to know when every client seems to be one and the same machine."""
    return _(
        "All of the last %(count)d sessions came from %(address)s, a private address. It is likely a gateway (NAT, a "
        "container network, a load balancer) that hides who the clients are: remote ranges and limits per source then "
        "see one client, and who may relay is everybody behind it. Let the gateway keep the source address, or name "
        "the client with the PROXY protocol."
    ) % {"count": RECENT, "address": address}
