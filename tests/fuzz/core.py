"""A client against the pure core: performs every action with an answer by chance, and checks what must always hold."""

from __future__ import annotations

import random
import re
from typing import Any

from tests.fuzz import lines
from transport.config.permissions import Right
from transport.receive import admission, auth, verbs
from transport.receive.conversation import Conversation, World
from transport.receive.data import MailData
from transport.receive.facts import ClientName, Listings, ListsOf, Question
from transport.receive.outcome import (
    Accept,
    AnswerToken,
    CheckPassword,
    CountMessage,
    LookUpRecipient,
    Outcome,
    ReadChunk,
    ReadMailData,
)
from transport.receive.policy import Policy
from transport.receive.rules import RULES
from transport.receive.session import Session, Stage, User
from transport.smtp.mail_data import header_facts

CLIENTS = ("192.0.2.7", "127.0.0.1", "127.0.0.2", "::1", "fe80::1%eth0")
WHO = (
    User("CONTOSO\\anna", ("Sales",), frozenset({"t@contoso.com"})),
    auth.WRONG, auth.TOO_OFTEN, auth.NOT_AVAILABLE,
)  # fmt: skip
LISTINGS: tuple[Listings, ...] = ({}, {"list.example": ("127.0.0.2",)}, {"list.example": ("192.0.2.1",)})
CLIENT_NAMES = (ClientName(), ClientName("mail.partner.example"), ClientName("mail.partner.example", True))
NAMES = ((), ("mail.partner.example",), ("*.victim.example", "x"))
TRACE = re.compile(rb"(?:[!-9;-~]+:(?: [ -~]*|)\r\n(?:[ \t][ -~\t]*\r\n)*)+")
LONGEST_REPLY = 512
"""RFC 5321 §4.5.3.1.5."""


class Chance(World):
    """Answers by chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    @property
    def resources_low(self) -> bool:  # type: ignore[override]  # drawn anew each time
        return self.chance.random() < 0.01

    def load(self, session: Session) -> admission.Load:
        return admission.Load(self.chance.choice((0, 0, 0, 9999)), 0)

    def keeps_rate(self, session: Session, asked: CountMessage) -> bool:
        return self.chance.random() < 0.9

    def recipient(self, session: Session, asked: LookUpRecipient) -> tuple[bool | None, bool]:
        return self.chance.choice((True, True, False, None)), self.chance.random() < 0.1

    def sign_in(self, session: Session, asked: CheckPassword | AnswerToken) -> bytes | User | auth.Denied | None:
        if isinstance(asked, AnswerToken) and self.chance.random() < 0.5:
            return self.chance.choice((None, b"token"))
        return self.chance.choice(WHO)

    def fact(self, question: Question[Any]) -> Listings | ClientName | None:
        if self.chance.random() < 0.5:
            return None
        return self.chance.choice(LISTINGS) if isinstance(question, ListsOf) else self.chance.choice(CLIENT_NAMES)


class Client:
    """One connection. `lines` counts what it has said."""

    def __init__(self, policy: Policy, chance: random.Random) -> None:
        self.chance = chance
        self.lines = 0
        self.conversation = Conversation(
            policy,
            ("127.0.0.1", 25),
            (chance.choice(CLIENTS), 49152),
            Chance(chance),
            tls_available=chance.random() < 0.8,
            now=1795000000.0,
            heard=check,
        )

    def talk(self, most: int) -> None:
        """Say up to `most` lines."""
        for _ in range(most):
            if self.conversation.closed:
                return
            self.say()

    def say(self) -> None:
        """One line, or something that happens instead of one."""
        self.lines += 1
        chance, session = self.chance, self.conversation.session
        if chance.random() < 0.02:
            self.conversation.happens(chance.choice((verbs.line_too_long, verbs.bare_line_feed)))
        elif chance.random() < 0.002:
            ends = (verbs.idle, verbs.expired, verbs.stopping, verbs.failed, verbs.tls_at_once)
            self.conversation.happens(chance.choice(ends))
        else:
            in_exchange = session.exchange is not None
            self.hear(lines.answer(chance) if in_exchange else lines.line(chance, session.stage))

    def hear(self, line: bytes) -> None:
        """A line, and what must come behind it."""
        conversation = self.conversation
        if conversation.closed:
            return
        conversation.line(line)
        if conversation.secures:
            conversation.secure(self.chance.choice(NAMES))
        match conversation.reading:
            case ReadMailData(limit) | ReadChunk(last=True, keep=True, limit=limit):
                conversation.message(self.mail_data(limit))
            case ReadChunk():
                conversation.chunk()

    def mail_data(self, limit: int | None) -> MailData:
        """A message by chance, as the shell would sum it up."""
        head = lines.content(self.chance)
        size = self.chance.choice((len(head), limit or 0, (limit or 0) + 1))
        over = limit is not None and size > limit
        return MailData(size, head, self.chance.random() < 0.95, over, b"\n" in head.replace(b"\r\n", b""))


def check(outcome: Outcome) -> None:
    """What holds of every outcome, whatever was said."""
    session, reply = outcome.session, outcome.reply
    if reply is None:
        assert outcome.actions, "neither a reply nor anything to do"
    else:
        assert all(len(each) <= LONGEST_REPLY for each in reply.wire.splitlines(True)), reply.wire
        assert reply.wire.endswith(b"\r\n") and b"\0" not in reply.wire
        assert reply.code < 400 or outcome.decided_by in RULES, (reply.wire, outcome.decided_by)
    _check_session(session)
    for action in outcome.actions:
        if isinstance(action, Accept):
            assert action.envelope.recipients and TRACE.fullmatch(action.trace), action
            facts = header_facts(action.trace, session.policy.our_names)
            assert facts.hops == facts.local_hops == 1, action.trace


def _check_session(session: Session) -> None:
    assert (session.sender is not None) == (session.stage >= Stage.MAIL)
    assert (session.recipients is not None) == (session.stage == Stage.RCPT)
    assert session.recipient_count <= session.connector.max_recipients_per_message
    assert session.user is None or session.principal == session.user.name
    assert session.exchange is None or session.stage == Stage.GREETED
    if session.recipients is not None and Right.ACCEPT_ANY_RECIPIENT not in session.rights:
        for recipient in (session.recipients.last,):
            local, _, domain = recipient.address.rpartition("@")
            assert session.policy.accepted_domains.find(domain) is not None, recipient
            assert not set("%!@") & set(local), recipient
