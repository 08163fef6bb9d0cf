"""One client's connection as a value; every command gives a new one."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import TYPE_CHECKING

import msgspec

from transport.config.permissions import ANONYMOUS, Right
from transport.config.receive_connector import ReceiveConnector
from transport.smtp.path import Path

if TYPE_CHECKING:
    from transport.receive.policy import Policy


class Stage(IntEnum):
    """How far the dialogue has come: RFC 5321 §4.1.4."""

    CONNECTED = 0
    GREETED = 1
    MAIL = 2
    RCPT = 3


class Recipients(msgspec.Struct, frozen=True):
    """The recipients so far, as a chain: adding one costs the same however many there are."""

    last: str
    count: int
    before: Recipients | None = None

    def __iter__(self) -> Iterator[str]:
        found: list[str] = []
        link: Recipients | None = self
        while link is not None:
            found.append(link.last)
            link = link.before
        return reversed(found)


class Session(msgspec.Struct, frozen=True):
    """What is known of a client. Addresses are texts as `ipaddress` prints them."""

    policy: Policy
    connector: ReceiveConnector
    local_ip: str
    local_port: int
    remote_ip: str
    remote_port: int
    tls_available: bool = False
    principal: str = ANONYMOUS
    rights: frozenset[Right] = frozenset()
    tls: str = ""
    stage: int = Stage.CONNECTED
    helo: str = ""
    extended: bool = False
    sender: Path | None = None
    body: str = "7BIT"
    recipients: Recipients | None = None
    protocol_errors: int = 0

    @property
    def server(self) -> str:
        """The name that this connector gives: its FQDN, else the server's."""
        return self.connector.fqdn or self.policy.snapshot.server

    @property
    def recipient_count(self) -> int:
        """How many recipients the message has so far."""
        return self.recipients.count if self.recipients else 0


def reset(session: Session) -> Session:
    """The session without its mail transaction: RFC 5321 §4.1.1.5."""
    if session.stage <= Stage.GREETED:
        return session
    return msgspec.structs.replace(session, stage=Stage.GREETED, sender=None, body="7BIT", recipients=None)
