"""What the protocol log tells of one connector."""

from __future__ import annotations

from dataclasses import dataclass

from console.connectors.models import ReceiveConnector as ConnectorRow
from console.publishing import counts
from console.tracking.conversation import Decision, decisions
from console.tracking.models import Session
from transport.config.receive_connector import ProtocolLoggingLevel
from transport.trace.sessions import Direction

RECEIVE = Direction.RECEIVE.value
SHOWN = 20  # refusals
LAST = 10  # sessions


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
