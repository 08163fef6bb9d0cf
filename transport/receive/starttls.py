"""STARTTLS: RFC 3207 §4."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from transport.config.permissions import PARTNER_SERVERS
from transport.config.receive_connector import AuthMechanism
from transport.receive import partner
from transport.receive.admission import principal
from transport.receive.outcome import Outcome, StartTls
from transport.receive.refusals import refuse
from transport.receive.session import NO_TRANSACTION, Session, Stage
from transport.smtp import replies


def starttls(session: Session, argument: str, now: float) -> Outcome:
    """The go-ahead for the handshake."""
    if session.tls:
        return refuse(session, "tls_active")
    if AuthMechanism.Tls not in session.connector.auth_mechanism:
        return refuse(session, "tls_not_offered")
    if argument.strip():
        return refuse(session, "invalid_arguments")
    if not session.tls_available:
        return refuse(session, "tls_not_available")
    return Outcome(session, replies.READY_FOR_TLS, (StartTls(),))


def established(
    session: Session, protocol: str, cipher: str, names: Iterable[str] = (), channel: bytes = b""
) -> Session:
    """The session after the handshake: everything the client said before is forgotten (RFC 3207 §4.2).

    `names` are the host names in the client's certificate, once that was found to be trusted; `channel` is the binding.
    """
    domains = partner.proved(session.connector, names)
    who = PARTNER_SERVERS if domains else principal(session.connector)
    return msgspec.structs.replace(
        session,
        tls=f"{protocol} {cipher}",
        stage=Stage.CONNECTED,
        helo="",
        extended=False,
        user=None,
        partner_domains=domains,
        channel=channel,
        principal=who,
        rights=session.policy.rights(session.connector, who),
        **NO_TRANSACTION,
    )
