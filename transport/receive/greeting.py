"""The first line a client sees (Exchange reference, section 5.1; documents 000, 001 and 004)."""

from __future__ import annotations

from transport.config.receive_connector import ReceiveConnector
from transport.smtp import replies
from transport.smtp.reply import Reply
from transport.smtp.trace import date


def greeting(connector: ReceiveConnector, server: str, now: float) -> Reply:
    """The connector's banner, else Exchange's greeting with its FQDN; `now` in Unix seconds."""
    if connector.banner:
        return replies.greeting(connector.banner[3:].strip() or (connector.fqdn or server))
    return replies.greeting(f"{connector.fqdn or server} Microsoft ESMTP MAIL Service ready at {date(int(now))}")
