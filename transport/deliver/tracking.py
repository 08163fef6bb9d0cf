"""What message tracking tells of results: the values of `@events` in the SQL (`transport.queries.EVENTS`)."""

from transport.deliver.way import Peer
from transport.send.route import DeliveryType
from transport.trace.events import Event, Source


def telling(
    event: Event, source: Source, *, connector: str = "", peer: Peer | None = None, context: str = ""
) -> dict[str, str]:
    """The parameters of an event."""
    one = peer or Peer()
    told = {"host": one.host, "protection": one.protection, "session_id": one.session_id}
    return {"event": event, "source": source, "connector": connector, "context": context, **told}


def of_attempt(event: Event, kind: DeliveryType, connector: str, peer: Peer) -> dict[str, str]:
    """Of what an attempt came to, with whom and through which connector."""
    return telling(event, _source(kind, peer), connector=connector, peer=peer)


def _source(kind: DeliveryType, peer: Peer) -> Source:
    if kind is DeliveryType.MAILBOX:
        return Source.STOREDRIVER
    if not kind.is_remote:
        return Source.ROUTING
    return Source.SMTP if peer.host else Source.DNS
