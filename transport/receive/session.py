"""One client's connection as a value; every command gives a new one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any

import msgspec

from transport.config.endpoint import source_of
from transport.config.permissions import ANONYMOUS, AUTHENTICATED_USERS, Right
from transport.config.receive_connector import ReceiveConnector
from transport.receive.facts import NO_FACTS, Facts, Question
from transport.receive.policy import Policy
from transport.smtp.parameters import NO_PARAMETERS, MailParameters
from transport.smtp.path import Path
from transport.smtp.reply import Reply


class Stage(IntEnum):
    """How far the dialogue has come: RFC 5321 §4.1.4."""

    CONNECTED = 0
    GREETED = 1
    MAIL = 2
    RCPT = 3


class EnvelopeRecipient(msgspec.Struct, frozen=True):
    """An address with what the client wants to hear about it (RFC 3461 §4.1 and §4.2)."""

    address: str
    notify: str = ""
    orcpt: str = ""


class Recipients(msgspec.Struct, frozen=True):
    """The recipients so far, as a chain: adding one costs the same however many there are."""

    last: EnvelopeRecipient
    count: int
    before: Recipients | None = None

    def __iter__(self) -> Iterator[EnvelopeRecipient]:
        found: list[EnvelopeRecipient] = []
        link: Recipients | None = self
        while link is not None:
            found.append(link.last)
            link = link.before
        return reversed(found)


class User(msgspec.Struct, frozen=True):
    """Somebody who has signed in: `DOMAIN\\name`, the groups, the addresses that are theirs (lower case)."""

    name: str
    groups: tuple[str, ...] = ()
    addresses: frozenset[str] = frozenset()

    @property
    def principals(self) -> tuple[str, ...]:
        """Whom they stand for."""
        return self.name, *self.groups, AUTHENTICATED_USERS


class Exchange(msgspec.Struct, frozen=True):
    """AUTH under way: the next line answers it. `user_name` is what LOGIN has been told already; `challenged` says that
    an acceptor has begun.
    """

    mechanism: str
    user_name: str | None = None
    challenged: bool = False


class Via(msgspec.Struct, frozen=True):
    """Who says where the client is: a load balancer, or a mail server with XCLIENT, by its address and port. `place`:
    the address and port to which it has connected, where connectors are looked for; `itself`: it speaks for no client;
    `helo`: the name by which the client has greeted, where that is told; `xclient`: the mail server that has spoken,
    perhaps through a load balancer, which then is the first.
    """

    ip: str
    port: int
    place: tuple[str, int]
    itself: bool = False
    helo: str = ""
    xclient: tuple[str, int] | None = None


class Session(msgspec.Struct, frozen=True):
    """What is known of a client. Addresses are texts as `ipaddress` prints them.

    `chunks` is the octets that BDAT has brought so far, None before the first; `too_large` the rule that refused a
    message whose last chunk has not come yet, empty for every other; `facts` what was asked of the world, and its
    answers; `partner_domains` the secure domains that the client's certificate speaks for; `channel` the
    binding of the TLS connection (`tls-server-end-point`, RFC 5929 §4), empty when there is none; `via` who else says
    that the addresses are these, None where the socket does.
    """

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
    mail: MailParameters = NO_PARAMETERS
    chunks: int | None = None
    too_large: str = ""
    recipients: Recipients | None = None
    protocol_errors: int = 0
    facts: Facts = NO_FACTS
    exchange: Exchange | None = None
    user: User | None = None
    logon_failures: int = 0
    partner_domains: tuple[str, ...] = ()
    channel: bytes = b""
    via: Via | None = None

    @property
    def is_health_check(self) -> bool:
        """Whether a load balancer speaks for itself."""
        return self.via is not None and self.via.itself

    @property
    def server(self) -> str:
        """The name that this connector gives: its FQDN, else the server's."""
        return self.connector.fqdn or self.policy.server

    @property
    def source(self) -> str:
        """The client as limits per source count it."""
        return source_of(self.remote_ip)

    @property
    def recipient_count(self) -> int:
        """How many recipients the message has so far."""
        return self.recipients.count if self.recipients else 0

    @property
    def has_open_questions(self) -> bool:
        """True while the world owes an answer."""
        return self.facts is not NO_FACTS and bool(self.facts.open)

    @property
    def is_anonymous(self) -> bool:
        """True for a client that has proved nothing."""
        return self.principal == ANONYMOUS

    @property
    def size_limit(self) -> int | None:
        """Octets that a message may have; None with the right Bypass message size limit.

        The organization's limit holds for those who have not signed in (Exchange reference, section 1.6).
        """
        if Right.BYPASS_MESSAGE_SIZE_LIMIT in self.rights:
            return None
        limit, organization = self.connector.max_message_size, self.policy.snapshot.transport_config.max_receive_size
        return limit if organization is None or not self.is_anonymous else min(limit, organization)

    @property
    def size_rule(self) -> str:
        """The name of the rule behind `size_limit`."""
        return "message_size" if self.size_limit == self.connector.max_message_size else "organization_message_size"

    def wire(self, reply: Reply) -> bytes:
        """A reply as this connector sends it: without enhanced status codes when they are switched off."""
        return reply.wire if self.connector.enhanced_status_codes_enabled else reply.plain_wire


NO_TRANSACTION: dict[str, Any] = {
    "sender": None,
    "mail": NO_PARAMETERS,
    "recipients": None,
    "chunks": None,
    "too_large": "",
}
"""The fields of a session without a mail transaction."""


def reset(session: Session) -> Session:
    """The session without its mail transaction: RFC 5321 §4.1.1.5."""
    stage: int = Stage.GREETED
    if session.stage <= stage:
        if not session.too_large:
            return session
        stage = session.stage
    return msgspec.structs.replace(session, stage=stage, **NO_TRANSACTION)


def answered(session: Session, answers: Mapping[Question[Any], Any]) -> Session:
    """The session once the world has answered; what it did not ask, or has been told, is not heard."""
    facts = session.facts.answered(answers)
    return session if facts is session.facts else msgspec.structs.replace(session, facts=facts)
