"""The sessions that are open, told to whoever looks at them in the console; and the end of one that is to end."""

from __future__ import annotations

from heapq import nsmallest

import msgspec
from psycopg.types.json import Jsonb

from transport.config import bounds
from transport.shell import clock
from transport.shell.clients.reception import Reception
from transport.shell.database import Connection
from transport.shell.queries import QUERIES
from transport.trace.open_session import OpenSession

MOST = bounds.OPEN_SESSIONS.lines or 0


class OpenSessions:
    """`step` is for `database.follow`. While nobody looks, it costs one statement."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    async def step(self, connection: Connection) -> None:
        """Do what the console has asked for: end sessions, tell of those that are looked at. Raises psycopg.Error."""
        cursor = await connection.execute(QUERIES["asked_of_sessions"])
        asked = await cursor.fetchall()
        ending = {session_id for look, session_id, _client in asked if look is None}
        if ending:
            await connection.execute(QUERIES["sessions_ended"], {"sessions": self._end(ending)})
        for look, connector, client in asked:
            if look is not None:
                await self._tell(connection, look, connector, client)

    def _end(self, wanted: set[str]) -> list[str]:
        """Those of them that are ours."""
        ours = [each for each in self._reception.sessions if each.session_id in wanted]
        for each in ours:
            each.end_by_administrator()
        return [each.session_id for each in ours]

    async def _tell(self, connection: Connection, look: int, connector: str, client: str) -> None:
        now = self._reception.loop.time()
        matching = [each for each in self._reception.sessions if each.is_from(connector, client)]
        oldest = nsmallest(MOST, matching, key=lambda each: each.began)
        told = [each.told(now, clock.now()) for each in oldest]
        row = {
            "look": look,
            "transport": self._reception.name,
            "matching": len(matching),
            "sessions": Jsonb([msgspec.to_builtins(_printable(each)) for each in told]),
        }
        await connection.execute(QUERIES["tell_open_sessions"], row)


def _printable(session: OpenSession) -> OpenSession:
    """Of what PostgreSQL takes: strangers choose some of the words."""
    texts = {name: getattr(session, name) for name in ("helo", "sender", "user")}
    kept = {name: text.encode("utf-8", "replace").decode().replace("\0", "") for name, text in texts.items()}
    return msgspec.structs.replace(session, **kept)
