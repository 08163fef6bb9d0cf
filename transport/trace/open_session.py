"""A session that is under way, as the transport tells the console of it."""

from __future__ import annotations

import msgspec


class OpenSession(msgspec.Struct, frozen=True, array_like=True):
    """`doing` is what the client's octets are for now (the states of `transport/shell/clients/dialogue.py`); `began` in
    Unix seconds, `quiet` the seconds since the client said something, `recipients` how many the message has so far;
    `logged`: its lines are in the protocol log.
    """

    session_id: str
    connector: str
    client: str
    port: int
    local: str
    helo: str
    tls: str
    user: str
    sender: str
    recipients: int
    doing: str
    began: float
    quiet: float
    logged: bool
