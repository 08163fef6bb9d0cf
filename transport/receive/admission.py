"""Who a client is before it says a word, and whether it is answered at all."""

from __future__ import annotations

import msgspec

from transport.config.permissions import ANONYMOUS, EXTERNALLY_SECURED
from transport.config.receive_connector import AuthMechanism, ReceiveConnector
from transport.receive.greeting import greeting
from transport.receive.outcome import CountConnection, Outcome
from transport.receive.policy import Policy
from transport.receive.refusals import close, close_at_once
from transport.receive.session import Session, Via

NOBODY = ReceiveConnector(name="")


def principal(connector: ReceiveConnector) -> str:
    """Whom an unauthenticated client stands for: externally secured where the connector says so, else anonymous."""
    secured = AuthMechanism.ExternalAuthoritative in connector.auth_mechanism
    return EXTERNALLY_SECURED if secured else ANONYMOUS


def connect(
    policy: Policy, local: tuple[str, int], remote: tuple[str, int], tls_available: bool, via: Via | None = None
) -> Outcome:
    """Asks for the connector's load, or refuses when no connector holds the client. Endpoints are (address, port);
    `via` is who has told them.
    """
    place = local if via is None else via.place
    match = policy.connectors.find(place[0], place[1], remote[0])
    if match is None:
        session = Session(policy, NOBODY, *local, *remote, via=via)
        return close_at_once(session, "no_connector")
    session = _session(policy, match.connector, local, remote)
    offers_tls = tls_available and AuthMechanism.Tls in match.connector.auth_mechanism
    session = msgspec.structs.replace(session, tls_available=offers_tls, via=via)
    return Outcome(session, None, (CountConnection(),), matched=match.remote.text)


def swapped(policy: Policy, name: str, local: tuple[str, int], remote: tuple[str, int], tls: str) -> Outcome:
    """The same on a connection that we have opened, and on which the roles are swapped (RFC 2645 §4): the connector is
    the one of this name, and TLS as it is.
    """
    connector = next((one for one in policy.snapshot.receive_connectors if one.enabled and one.name == name), None)
    if connector is None:
        return close_at_once(Session(policy, NOBODY, *local, *remote), "no_connector")
    session = msgspec.structs.replace(_session(policy, connector, local, remote), tls=tls)
    return Outcome(session, None, (CountConnection(),))


def _session(policy: Policy, connector: ReceiveConnector, local: tuple[str, int], remote: tuple[str, int]) -> Session:
    who = principal(connector)
    return Session(policy, connector, *local, *remote, principal=who, rights=policy.rights(connector, who))


class Load(msgspec.Struct, frozen=True):
    """The connections that a connector has besides this one: in all, and from this client's address."""

    connections: int
    from_source: int


def admitted(session: Session, load: Load, now: float) -> Outcome:
    """The answer to `CountConnection`: the greeting, or 421 when the connector or this source has enough.

    A source may have MaxInboundConnectionPerSource connections, and at most MaxInboundConnectionPercentagePerSource
    per cent of those that others leave free (documents 000 and 001).
    """
    connector = session.connector
    most = connector.max_inbound_connection
    if most is not None and load.connections >= most:
        return close(session, "connection_limit", f"{load.connections} are open")
    per_source = connector.max_inbound_connection_per_source
    if per_source is not None and load.from_source >= per_source:
        return close(session, "source_limit", _has(session, load))
    if most is not None:
        free = most - (load.connections - load.from_source)
        share = max(1, free * connector.max_inbound_connection_percentage_per_source // 100)
        if load.from_source >= share:
            known = f"{_has(session, load)}, others leave {free}"
            return close(session, "source_share", known)
    return Outcome(session, greeting(connector, session.policy.server, now))


def _has(session: Session, load: Load) -> str:
    return f"{session.source} has {load.from_source}"
