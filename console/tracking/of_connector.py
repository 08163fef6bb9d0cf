"""What the protocol log tells of one connector."""

from __future__ import annotations

from dataclasses import dataclass

from console.tracking.conversation import Decision, decisions
from console.tracking.models import Session
from transport.config.endpoint import is_private, parse_range
from transport.config.receive_connector import ReceiveConnector
from transport.trace.sessions import Direction

RECEIVE = Direction.RECEIVE.value
SHOWN = 20  # refusals
RECENT = 50
"""Sessions in a row from one address before it is taken for a gateway."""


@dataclass(frozen=True)
class RefusedReply:
    """A reply that refused: in which session, what was said, and the rule that decided."""

    session: Session
    reply: str
    decision: Decision


def last_refusals(name: str) -> list[RefusedReply]:
    """The newest refusals of a connector, newest session first."""
    refusing = Session.objects.filter(connector=name, direction=RECEIVE, refused__gt=0)
    sessions = refusing.order_by("-started_at", "-session_id")[:SHOWN]
    found = [
        RefusedReply(each, line.data, decision) for each in sessions for line, decision in reversed(decisions(each))
    ]
    return found[:SHOWN]


def one_gateway(connector: ReceiveConnector) -> str:
    """The private address from which all recent sessions of a connector for many came, else an empty text."""
    sessions = Session.objects.filter(connector=connector.name, direction=RECEIVE).order_by("-started_at")
    recent = list(sessions.values_list("remote_address", flat=True)[:RECENT])
    if len(recent) < RECENT or len(set(recent)) > 1:
        return ""
    client = parse_range(recent[0])
    meant = any(remote.bounds == client.bounds for remote in connector.remote_ip_ranges)
    return "" if meant or not is_private(client) else recent[0]
