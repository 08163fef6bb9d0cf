"""A connection to PostgreSQL that waits for no server that hangs: no time limit of PostgreSQL's or TCP's holds where it
is there, and says nothing any more.
"""

from __future__ import annotations

from typing import Any, Self, TypeVar

import psycopg
from psycopg import errors
from psycopg.abc import PQGen

from transport.deliver.database import Pooled

SILENCE = 4.0
"""Seconds without an answer after which it is asked whether the server answers anybody."""
ANSWERS_WITHIN = 4
"""Seconds that it has to take a new connection."""
R = TypeVar("R")


class Patient(Pooled):
    """Waits as long as a statement takes, and gives up, with psycopg.OperationalError, when the server hangs."""

    _to: tuple[str, dict[str, Any]] = ("", {})

    @classmethod
    def connect(cls, conninfo: str = "", **how: Any) -> Self:
        made = super().connect(conninfo, **how)
        places = {name: value for name, value in how.items() if name in PLACES}
        made._to = conninfo, places | {"connect_timeout": ANSWERS_WITHIN}
        return made

    def wait(self, gen: PQGen[R], interval: float = 0.1, timeout: float | None = None) -> R:
        """As psycopg's own, of which every statement is made."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        while True:
            try:
                return super().wait(gen, interval, SILENCE)
            except errors._WaitTimeout:
                if self._hangs():
                    self.pgconn.finish()
                    raise psycopg.OperationalError("PostgreSQL does not answer any more") from None

    def _hangs(self) -> bool:
        """Whether it takes no new connection in time. That it refuses one is an answer."""
        conninfo, how = self._to
        try:
            psycopg.connect(conninfo, **how).close()
        except errors.ConnectionTimeout:
            return True
        except psycopg.Error:
            return False
        return False


PLACES = frozenset(each.keyword.decode() for each in psycopg.pq.Conninfo.get_defaults())
"""What of the parameters of a connection is libpq's own."""
