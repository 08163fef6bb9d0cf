"""The first line a client sees (Exchange reference, section 5.1; documents 000, 001 and 004)."""

from __future__ import annotations

from functools import lru_cache

from transport.config.receive_connector import ReceiveConnector
from transport.smtp.reply import Reply, reply
from transport.smtp.trace import date


def greeting(connector: ReceiveConnector, server: str, now: float) -> Reply:
    """The connector's banner, else Exchange's greeting with its FQDN; `now` in Unix seconds."""
    name = connector.fqdn or server
    if connector.banner:
        return _reply(connector.banner[3:].strip() or name)
    return _reply(f"{name} Microsoft ESMTP MAIL Service ready at {date(int(now))}")


@lru_cache(maxsize=64)
def _reply(banner: str) -> Reply:
    """All who come in the same second hear the same."""
    return reply(220, "", banner)
