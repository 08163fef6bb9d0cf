"""Mail that is kept, over the connection of whoever asked for it: ATRN or TURN has swapped the roles (RFC 2645 §4)."""

import logging
import socket
from dataclasses import replace
from time import monotonic

import psycopg

from transport.config import bounds
from transport.config.send_connector import SendConnector
from transport.deliver import claims
from transport.deliver.database import Pool, pool
from transport.deliver.pacing import Budget
from transport.deliver.rounds import Round
from transport.deliver.routing import ROUTES
from transport.deliver.securing import Protection
from transport.deliver.smtp_client import SmtpClient
from transport.deliver.smtp_connection import Lost, SmtpConnection
from transport.deliver.smtp_relay import SmtpRelay
from transport.deliver.worker import WORKER
from transport.send.attempt import Pace
from transport.send.hosts import Host
from transport.send.route import Router

SECONDS = bounds.NEXT_HOP_ATTEMPT.seconds or 0
UNLIMITED = 2**31 - 1

log = logging.getLogger(__name__)


class TurnedClient(SmtpClient):
    """Speaks first after the greeting that whoever connected to us now gives."""

    def __init__(self, opened: socket.socket, host: Host, connector: SendConnector, protection: str) -> None:
        self._opened = opened
        super().__init__(host, connector, Pace.AHEAD, monotonic() + (bounds.NEXT_HOP_HELLO.seconds or 0))
        self.protection = protection

    def _open(self, host: Host, connector: SendConnector, until: float) -> SmtpConnection:
        return SmtpConnection(host, connector, until, self._opened)


class TurnedRelay(SmtpRelay):
    """There is no other connection, and no other host."""

    lingers = 0.0

    def __init__(self, client: TurnedClient, connector: SendConnector, pool: Pool) -> None:
        super().__init__(lambda: iter([client.peer]), connector, client.peer.name, pool)
        self._client = client

    def _connected(self, host: Host, pace: Pace, protection: Protection | None = None) -> SmtpClient:
        """As it is: what must not leave so, `_unsafe` keeps."""
        kept = self._client
        if kept is None or not kept.is_quiet:
            raise Lost("the connection that was turned round is over")
        kept.allow(self._until)
        return kept


def hand_over(opened: socket.socket, domains: tuple[str, ...], client: tuple[str, str, str]) -> None:
    """Mail of these domains to a client: its address, what it is called, how it is protected. Closes the socket; what
    was not taken is kept.
    """
    address, name, protection = client
    try:
        if not WORKER.ready():
            raise Lost("PostgreSQL is away")
        with pool().connection() as connection:
            router = ROUTES.router(connection)
        connector = SendConnector(
            name=f"ATRN {name}", fqdn=router.server, max_messages_per_connection=UNLIMITED, dns_routing_enabled=False
        )
        _hand_over(TurnedClient(opened, Host(name, address), connector, protection), connector, domains, router)
    except (Lost, psycopg.Error) as error:
        log.warning("mail that %s asked for: %s", name, " ".join(str(error).split()))
    except Exception:
        log.exception("mail that %s asked for", name)
    finally:
        opened.close()


def _hand_over(client: TurnedClient, connector: SendConnector, domains: tuple[str, ...], router: Router) -> None:
    way = TurnedRelay(client, connector, pool())
    try:
        for domain in domains:
            with pool().connection() as connection:
                state = claims.hop_state(connection, f"kept:{domain}")
            if state is not None and not state.suspended:
                Round(replace(state, asked=True), router, way, Budget(pool(), WORKER.number)).run()
    finally:
        way.close()
