"""Who a client is before it says a word, and whether it is answered at all."""

from __future__ import annotations

from transport.config.permissions import ANONYMOUS, EXTERNALLY_SECURED
from transport.config.receive_connector import AuthMechanism, ReceiveConnector
from transport.receive.greeting import greeting
from transport.receive.outcome import CLOSE, Outcome
from transport.receive.policy import Policy
from transport.receive.session import Session
from transport.smtp import replies

NOBODY = ReceiveConnector(name="")


def principal(connector: ReceiveConnector) -> str:
    """Whom an unauthenticated client stands for: externally secured where the connector says so, else anonymous."""
    secured = AuthMechanism.ExternalAuthoritative in connector.auth_mechanism
    return EXTERNALLY_SECURED if secured else ANONYMOUS


def connect(
    policy: Policy, local: tuple[str, int], remote: tuple[str, int], now: float, tls_available: bool
) -> Outcome:
    """The greeting, or a refusal when no connector holds the client. Endpoints are (address text, port)."""
    connector = policy.connectors.find(local[0], local[1], remote[0])
    if connector is None:
        session = Session(policy, NOBODY, *local, *remote)
        return Outcome(session, replies.NO_CONNECTOR, CLOSE, "no_connector")
    who = principal(connector)
    offers_tls = tls_available and AuthMechanism.Tls in connector.auth_mechanism
    held = policy.rights(connector, who)
    session = Session(policy, connector, *local, *remote, tls_available=offers_tls, principal=who, rights=held)
    return Outcome(session, greeting(connector, policy.snapshot.server, now))
