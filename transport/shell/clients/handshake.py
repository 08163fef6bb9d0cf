"""The TLS handshake of one client."""

import asyncio
import contextlib
import os
import ssl
from typing import Any

from transport.config import bounds
from transport.receive.session import Session
from transport.receive.starttls import established
from transport.shell.clients import tls_contexts
from transport.shell.clients.reception import Reception
from transport.shell.clients.tls_contexts import Context


class Negotiation(ssl.SSLObject):
    """Sends the alert of a handshake that fails (RFC 8446 §6.2), which uvloop would leave in the buffer."""

    outgoing: ssl.MemoryBIO
    socket: int

    def do_handshake(self) -> None:
        """Raises SSLError as its base class."""
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError:
            with contextlib.suppress(OSError):
                os.write(self.socket, self.outgoing.read())
            raise


class OneHandshake(ssl.SSLContext):
    """Stands before a context during one handshake: uvloop does not say to a context whose TLS begins."""

    context: Context
    socket: int

    def wrap_bio(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, *more: Any, **named: Any) -> Negotiation:
        """The TLS of this connection."""
        made = self.context.wrap_bio(incoming, outgoing, *more, **named)
        assert isinstance(made, Negotiation)
        made.outgoing, made.socket = outgoing, self.socket
        return made


ENDED = "it was ended meanwhile"
_free: list[OneHandshake] = []
"""Those of handshakes that are over: to make one costs a quarter of a handshake."""


async def handshake(
    reception: Reception, session: Session, transport: asyncio.Transport, protocol: asyncio.BaseProtocol
) -> tuple[asyncio.Transport, Session] | None:
    """The transport and the session on TLS; None when the client is gone. Raises OSError when TLS fails."""
    context = reception.in_force.tls.context(session.connector) if reception.in_force else None
    if context is None:
        raise ssl.SSLError("no certificate")
    if transport.is_closing():
        raise ConnectionAbortedError(ENDED)
    one = _free.pop() if _free else OneHandshake(ssl.PROTOCOL_TLS_SERVER)
    context.sslobject_class = Negotiation
    one.context, one.socket = context, transport.get_extra_info("socket").fileno()
    secured = await reception.loop.start_tls(
        transport, protocol, one, server_side=True, ssl_handshake_timeout=bounds.HANDSHAKE.seconds
    )
    _free.append(one)
    if secured is None:
        return None
    tls: Any = secured.get_extra_info("ssl_object")
    if tls is None:
        raise ConnectionAbortedError(ENDED)
    names = tls_contexts.names_in_certificate(tls)
    return secured, established(session, tls.version(), tls.cipher()[0], names, context.end_point)
