"""What message tracking tells of results: the values of `@events`, `@attempts` and `@tried` in the SQL
(`transport.queries`).
"""

from collections.abc import Sequence

from transport.deliver.way import Peer
from transport.send.route import DeliveryType
from transport.trace.events import Event, Source


def telling(event: Event, source: Source, *, connector: str = "", context: str = "") -> dict[str, str]:
    """The parameters of an event."""
    return {"event": event, "source": source, "connector": connector, "context": context}


def of_attempts(event: Event, kind: DeliveryType, connector: str, peers: Sequence[Peer]) -> dict[str, object]:
    """Of what attempts came to, each with whom and through which connector."""
    return {
        "event": event, "connector": connector, "sources": [_source(kind, peer) for peer in peers],
        "hosts": [peer.host for peer in peers], "protections": [peer.protection for peer in peers],
        "session_ids": [peer.session_id for peer in peers],
    }  # fmt: skip


def _source(kind: DeliveryType, peer: Peer) -> Source:
    if kind is DeliveryType.MAILBOX:
        return Source.STOREDRIVER
    if not kind.is_remote:
        return Source.ROUTING
    return Source.SMTP if peer.host else Source.DNS
