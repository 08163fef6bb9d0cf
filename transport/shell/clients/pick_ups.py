"""Mail that is kept until it is asked for: PostgreSQL lets it go, and no client waits long for its answer."""

import asyncio
import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg

from transport.config import bounds
from transport.config.accepted_domain import PickUp
from transport.queries import SHARED
from transport.receive.outcome import FindKept, Outcome, ReleaseKept
from transport.receive.pick_up import AWAY, TOO_OFTEN, may_ask, released, turned
from transport.receive.session import Session
from transport.send.route import DeliveryType, triggered_by
from transport.shell import clock
from transport.shell.clients.source_budget import SourceBudget
from transport.shell.queries import QUERIES

MOST_AN_HOUR, HOUR = bounds.PICK_UPS.lines or 0, int(bounds.PICK_UPS.seconds or 0)
MOST_DOMAINS = bounds.PICK_UP.lines
MOST_TURNED = bounds.TURNED.lines or 0
HandOver = Callable[[socket.socket, tuple[str, ...], tuple[str, str, str]], None]
"""Socket, domains; the client's address, what it is called, and how it is protected."""
Database = psycopg.AsyncConnection[tuple[Any, ...]]
log = logging.getLogger(__name__)


class PickUps:
    """For the event loop's thread."""

    def __init__(self, database_url: str, hand_over: HandOver, asked: SourceBudget | None = None) -> None:
        """`hand_over`: delivery's side of a connection that was turned round. `asked`: how often, on all transports."""
        self._url, self._hand_over = database_url, hand_over
        self._threads = ThreadPoolExecutor(MOST_TURNED, thread_name_prefix="turned")
        self._turned = 0
        self._asked = asked or SourceBudget()

    async def release(self, session: Session, asked: ReleaseKept) -> Outcome:
        """The outcome of the command."""
        often = self._asked.over(_account(session), MOST_AN_HOUR, HOUR, clock.now(), counts=True)
        return released(session, TOO_OFTEN if often else await self._released(session, asked))

    async def _released(self, session: Session, asked: ReleaseKept) -> int | str:
        if not self._url:
            return AWAY
        try:
            async with asyncio.timeout(bounds.PICK_UP.seconds):
                return await self._release(session, asked)
        except (psycopg.Error, OSError, TimeoutError) as error:
            log.error("kept mail of %s: %s", asked.domain, " ".join(str(error).split()) or "PostgreSQL is slow")
            return AWAY

    async def find(self, session: Session, asked: FindKept) -> Outcome:
        """The outcome of a command that turns the connection round, for which a place must be free."""
        return turned(session, await self._found(session, asked))

    async def _found(self, session: Session, asked: FindKept) -> tuple[str, ...] | None:
        if not self._url or self._turned >= MOST_TURNED:
            return None
        try:
            async with asyncio.timeout(bounds.PICK_UP.seconds):
                return await self._with_mail(session, asked)
        except (psycopg.Error, OSError, TimeoutError) as error:
            log.error("kept mail: %s", " ".join(str(error).split()) or "PostgreSQL is slow")
            return None

    async def _with_mail(self, session: Session, asked: FindKept) -> tuple[str, ...]:
        what = {
            "domains": list(asked.domains), "below": list(asked.below), "kind": DeliveryType.PICK_UP,
            "most": MOST_DOMAINS,
        }  # fmt: skip
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
            found = await (await connection.execute(QUERIES["kept_with_mail"], what)).fetchall()
            may = [domain for domain in asked.domains if may_ask(session, domain, asked.by)]
            await self._let_go(connection, await self._triggered(connection, session, may))
        return tuple(domain for (domain,) in found if may_ask(session, domain, asked.by))

    def hand_over(self, session: Session, domains: tuple[str, ...], opened: socket.socket) -> None:
        """Mail of these domains to the client, over a socket that leads to it, in a thread; the socket is closed."""
        self._turned += 1
        client = f"[{session.remote_ip}]:{session.remote_port}"
        protection = session.tls or "In the clear: the client did not start TLS"
        done = self._threads.submit(self._hand_over, opened, domains, (session.remote_ip, client, protection))
        loop = asyncio.get_running_loop()
        done.add_done_callback(lambda _: loop.call_soon_threadsafe(self._free))

    def _free(self) -> None:
        self._turned -= 1

    async def _release(self, session: Session, asked: ReleaseKept) -> int:
        what = {
            "kind": DeliveryType.PICK_UP,
            "domain": asked.domain,
            "below": asked.below,
            "most": MOST_DOMAINS,
        }
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
            kept = await (await connection.execute(QUERIES["kept"], what)).fetchall()
            keys = [key for key, domain in kept if may_ask(session, domain, PickUp.Etrn)]
            if may_ask(session, asked.domain, PickUp.Etrn):
                keys += await self._triggered(connection, session, [asked.domain])
            return await self._let_go(connection, keys)

    async def _triggered(self, connection: Database, session: Session, domains: list[str]) -> list[str]:
        """The next hops of Send connectors that are triggered when mail of these domains is asked for."""
        connectors = triggered_by(domains, session.policy.snapshot)
        if not connectors:
            return []
        what = {"connectors": connectors, "most": MOST_DOMAINS}
        return [key for (key,) in await (await connection.execute(QUERIES["kept_of_connectors"], what)).fetchall()]

    async def _let_go(self, connection: Database, keys: list[str]) -> int:
        row = await (await connection.execute(SHARED["release_kept"], {"keys": keys})).fetchone() if keys else None
        return int(row[0]) if row else 0


def _account(session: Session) -> str:
    """Whose commands are counted together."""
    return session.user.name if session.user is not None else session.source
