"""Mail that is kept until it is asked for: PostgreSQL lets it go, and no client waits long for its answer."""

import asyncio
import logging

import psycopg

from transport.config import bounds
from transport.config.accepted_domain import PickUp
from transport.queries import SHARED
from transport.receive.outcome import Outcome, ReleaseKept
from transport.receive.pick_up import AWAY, TOO_OFTEN, may_ask, released
from transport.receive.session import Session
from transport.send.route import DeliveryType
from transport.shell import clock
from transport.shell.clients.source_budget import SourceBudget
from transport.shell.queries import QUERIES

MOST_AN_HOUR, HOUR = bounds.PICK_UPS.lines or 0, int(bounds.PICK_UPS.seconds or 0)
MOST_DOMAINS = bounds.PICK_UP.lines
log = logging.getLogger(__name__)


class PickUps:
    """For the event loop's thread."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._asked = SourceBudget()

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
            row = await (await connection.execute(SHARED["release_kept"], {"keys": keys})).fetchone()
        return int(row[0]) if row else 0


def _account(session: Session) -> str:
    """Whose commands are counted together."""
    return session.user.name if session.user is not None else session.source
