"""PostgreSQL as something that may be away: connect, LISTEN, work, and do it all over again, for ever."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Never

import psycopg
from psycopg import sql

Connection = psycopg.AsyncConnection[tuple[Any, ...]]
RETRY_AFTER = 1.0
LONGEST_STEP = 300.0
"""Seconds after which a step counts as stuck (a server that neither answers nor closes)."""

log = logging.getLogger(__name__)


async def follow(url: str, channel: str, every: float, step: Callable[[Connection], Awaitable[None]]) -> Never:
    """Call `step` at once, at each NOTIFY on `channel`, and every so many seconds; reconnect when it fails."""
    away = False
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=5) as connection:
                await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
                if away:
                    log.info("PostgreSQL is back (%s)", channel)
                away = False
                while True:
                    async with asyncio.timeout(LONGEST_STEP):
                        await step(connection)
                    async for _ in connection.notifies(timeout=every, stop_after=1):
                        pass
        except (psycopg.Error, OSError, TimeoutError) as error:
            if not away:
                log.warning("PostgreSQL is away (%s): %s", channel, " ".join(str(error).split()))
            away = True
        except Exception:
            log.exception("%s: trying again", channel)
        await asyncio.sleep(RETRY_AFTER)
