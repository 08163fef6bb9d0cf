"""What one command leads to, and the closed set of actions that the shell performs."""

from __future__ import annotations

from typing import Any

import msgspec

from transport.config.accepted_domain import PickUp
from transport.receive.facts import Question
from transport.receive.session import Session
from transport.smtp.envelope import Envelope
from transport.smtp.header_firewall import HeaderKind
from transport.smtp.mail_data import HeaderFacts
from transport.smtp.parameters import NO_RCPT_PARAMETERS, RcptParameters
from transport.smtp.path import Path
from transport.smtp.reply import Reply


class Close(msgspec.Struct, frozen=True):
    """Close the connection once the reply is written."""


class StartTls(msgspec.Struct, frozen=True):
    """Write the reply, drop what the client sent after STARTTLS, negotiate, then `starttls.established`."""


class Tarpit(msgspec.Struct, frozen=True):
    """Hold the reply, and every command behind it, for so many seconds; costs a timer and nobody else any latency.

    `setting` says why, in Exchange's name.
    """

    seconds: int
    setting: str = "TarpitInterval"


class CountConnection(msgspec.Struct, frozen=True):
    """Count this connection on its connector, then `admission.admitted`; the outcome has no reply yet."""


class CountAnew(msgspec.Struct, frozen=True):
    """The connection counts no more for this connector and source, but for the session's; then `admission.admitted`.
    There is no reply yet.
    """

    connector: str
    source: str


class CountMessage(msgspec.Struct, frozen=True):
    """Count a message of this minute under `key`, then `mail.counted`; the outcome has no reply yet."""

    key: str
    limit: int


class ReadMessage(msgspec.Struct, frozen=True):
    """What is looked at while a message arrives. `limit` in octets, None for no limit."""

    limit: int | None
    header_limit: int
    firewall: frozenset[HeaderKind]
    find_bare_line_feeds: bool = False


class ReadMailData(ReadMessage, frozen=True):
    """Write the reply, read up to CRLF.CRLF, then `data.received`."""


class ReadChunk(ReadMessage, frozen=True, kw_only=True):
    """Read exactly `size` octets, without a reply before; then `data.chunk_read`, or `data.received` after the last.

    `keep` is False for a chunk of a refused command: its octets are read and forgotten (RFC 3030 §2).
    """

    size: int
    last: bool
    keep: bool


class LookUpRecipient(msgspec.Struct, frozen=True):
    """Ask the directory for this recipient, then `rcpt.looked_up`; the outcome has no reply yet."""

    recipient: Path
    wishes: RcptParameters = NO_RCPT_PARAMETERS


class LogonName(msgspec.Struct, frozen=True):
    """Whom a client claims to be, in lower case; `address` when it was written `user@domain`."""

    user: str
    domain: str
    address: str = ""


class CheckPassword(msgspec.Struct, frozen=True):
    """Ask the directory, then `auth.checked`; the outcome has no reply yet. Never shows its password."""

    logon: LogonName
    password: str

    def __repr__(self) -> str:
        return f"CheckPassword({self.logon})"


class AnswerToken(msgspec.Struct, frozen=True):
    """Hand this message to the mechanism's acceptor, then `auth.challenged` or `auth.checked`; there is no reply yet.

    `channel` is the binding of the TLS connection, which a message that knows of one must fit; none when it does not
    matter. `required`: a message must know of it. `begins`: what was begun before, and given up, is forgotten.
    """

    mechanism: str
    token: bytes
    default_domain: str
    channel: bytes = b""
    required: bool = False
    begins: bool = False


class ReleaseKept(msgspec.Struct, frozen=True):
    """Let the mail go that is kept for a domain, or for it and all `below`, then `pick_up.released`; no reply yet."""

    domain: str
    below: bool = False


class FindKept(msgspec.Struct, frozen=True):
    """Find out which of these domains, and of all `below` the others, have mail that is kept, then `pick_up.turned`; no
    reply yet. `by` is the command.
    """

    by: PickUp
    domains: tuple[str, ...]
    below: tuple[str, ...] = ()


class SwapRoles(msgspec.Struct, frozen=True):
    """Write the reply; from now on we are the client, and hand over what is kept for these domains (RFC 2645 §4)."""

    domains: tuple[str, ...]


class Ask(msgspec.Struct, frozen=True):
    """Put the question to the world, then `session.answered`. Nothing waits for it until `Await`."""

    question: Question[Any]


class Await(msgspec.Struct, frozen=True):
    """Respond to this command once more when an open question is answered; there is no reply yet."""


class Accept(msgspec.Struct, frozen=True):
    """Make this message durable before the reply is written: `trace`, `header`, and the body that was received.

    Who stores it adds to the `envelope` its own name and the session's, the size, and the file of the body.
    """

    trace: bytes
    header: bytes
    envelope: Envelope


SignIn = CheckPassword | AnswerToken
Inquiry = CountConnection | CountAnew | CountMessage | LookUpRecipient | SignIn | ReleaseKept | FindKept | Await
"""Actions whose outcome has no reply yet: the answer goes to the function that each names."""
Action = Close | StartTls | Tarpit | ReadMailData | ReadChunk | SwapRoles | Ask | Accept | Inquiry
CLOSE = (Close(),)


class Outcome(msgspec.Struct, frozen=True):
    """The new session, what to answer, what to do, and the name of the rule that decided (see `rules`).

    `matched` is the entry, provider or pattern by which the rule decided, in the administrator's words; of a limit of
    errors the rule of the last error, of a connection the remote range of its connector, of a message what becomes of
    its sender's name. `facts` is what a message's header says, once it was read.
    """

    session: Session
    reply: Reply | None
    actions: tuple[Action, ...] = ()
    decided_by: str = ""
    matched: str = ""
    facts: HeaderFacts | None = None


def asking(outcome: Outcome, *questions: Question[Any]) -> Outcome:
    """The outcome, with those of the questions put to the world that this session has not asked yet."""
    session = outcome.session
    fresh = [each for each in questions if each not in session.facts.answers]
    if not fresh:
        return outcome
    session = msgspec.structs.replace(session, facts=session.facts.asking(fresh))
    return msgspec.structs.replace(outcome, session=session, actions=(*outcome.actions, *map(Ask, fresh)))


def waiting(session: Session, *questions: Question[Any]) -> Outcome:
    """The outcome of a command that cannot go on before an answer: to what is open, and to these, which it asks."""
    asked = asking(Outcome(session, None), *questions)
    return msgspec.structs.replace(asked, actions=(*asked.actions, Await()))
