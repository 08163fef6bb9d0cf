"""The TLS handshake of one client."""

import asyncio
import ssl
from typing import Any

from transport.receive.session import Session
from transport.receive.starttls import established
from transport.shell import tls_contexts
from transport.shell.reception import Reception

TIMEOUT = 30.0


async def handshake(
    reception: Reception, session: Session, transport: asyncio.Transport, protocol: asyncio.BaseProtocol
) -> tuple[asyncio.Transport, Session] | None:
    """The transport and the session on TLS; None when the client has gone. Raises OSError when TLS does not come about.
    """
    context = reception.tls_context(session.connector)
    if context is None:
        raise ssl.SSLError("no certificate")
    secured = await reception.loop.start_tls(
        transport, protocol, context, server_side=True, ssl_handshake_timeout=TIMEOUT
    )
    if secured is None:
        return None
    tls: Any = secured.get_extra_info("ssl_object")
    names = tls_contexts.names_in_certificate(tls)
    return secured, established(session, tls.version(), tls.cipher()[0], names, context.end_point)
