"""A client against the pure core: performs every action with an answer by chance, and checks what must always hold."""

from __future__ import annotations

import random
import re

from tests.fuzz import lines
from transport.config.permissions import Right
from transport.receive import admission, auth, connection_filter, data, mail, rcpt, starttls, verbs
from transport.receive.dns import DnsAnswers
from transport.receive.outcome import (
    Accept,
    AnswerToken,
    AwaitLookUp,
    CheckPassword,
    Close,
    CountConnection,
    CountMessage,
    LookUpClient,
    LookUpRecipient,
    Outcome,
    ReadChunk,
    ReadMailData,
    StartTls,
    Tarpit,
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
DNS = (
    DnsAnswers(),
    DnsAnswers(lists={"list.example": ("127.0.0.2",)}),
    DnsAnswers(lists={"list.example": ("192.0.2.1",)}, host_name="mail.partner.example", confirmed=True),
)
NAMES = ((), ("mail.partner.example",), ("*.victim.example", "x"))
TRACE = re.compile(rb"(?:[!-9;-~]+:(?: [ -~]*|)\r\n(?:[ \t][ -~\t]*\r\n)*)+")
LONGEST_REPLY = 512
"""RFC 5321 §4.5.3.1.5."""


class Client:
    """One connection. `closed` once the core has ended it; `lines` counts what it has said."""

    def __init__(self, policy: Policy, chance: random.Random) -> None:
        self.chance = chance
        self.closed = False
        self.lines = 0
        self.now = 1795000000.0
        self.said = b""
        self.session: Session
        self.take(verbs.connect(policy, ("127.0.0.1", 25), (chance.choice(CLIENTS), 49152), chance.random() < 0.8))

    def talk(self, most: int) -> None:
        """Say up to `most` lines."""
        for _ in range(most):
            if self.closed:
                return
            self.say()

    def say(self) -> None:
        """One line, or something that happens instead of one."""
        self.lines += 1
        chance, session = self.chance, self.session
        if chance.random() < 0.02:
            self.take(chance.choice((verbs.line_too_long, verbs.bare_line_feed))(session))
        elif chance.random() < 0.002:
            ends = (verbs.idle, verbs.expired, verbs.stopping, verbs.failed, verbs.tls_at_once)
            self.take(chance.choice(ends)(session))
        else:
            in_exchange = session.exchange is not None
            self.hear(lines.answer(chance) if in_exchange else lines.line(chance, session.stage))

    def hear(self, line: bytes) -> None:
        """The core's turn."""
        if not self.closed:
            self.said = line
            self.take(verbs.respond(self.session, line, self.now, self.chance.random() < 0.01))

    def take(self, outcome: Outcome) -> None:
        """Check the outcome and do what it asks for."""
        check(outcome)
        self.session = outcome.session
        for action in outcome.actions:
            self.act(action, outcome)

    def act(self, action: object, outcome: Outcome) -> None:
        chance, session = self.chance, self.session
        match action:
            case Close():
                self.closed = True
            case Tarpit() | Accept():
                pass
            case CountConnection():
                self.take(admission.admitted(session, admission.Load(chance.choice((0, 0, 0, 9999)), 0), self.now))
            case CountMessage():
                self.take(mail.counted(session, chance.random() < 0.9))
            case LookUpRecipient():
                found = chance.choice((True, True, False, None))
                self.take(rcpt.looked_up(session, action, found, chance.random() < 0.1))
            case CheckPassword():
                self.take(auth.checked(session, chance.choice(WHO)))
            case AnswerToken():
                if chance.random() < 0.5:
                    self.take(auth.challenged(session, action.mechanism, chance.choice((None, b"token"))))
                else:
                    self.take(auth.checked(session, chance.choice(WHO)))
            case StartTls():
                self.session = starttls.established(session, "TLSv1.3", "AES", chance.choice(NAMES))
            case LookUpClient():
                if chance.random() < 0.5:
                    self.session = connection_filter.answered(session, chance.choice(DNS))
            case AwaitLookUp():
                answered = connection_filter.answered(session, chance.choice(DNS))
                self.take(verbs.respond(answered, self.said, self.now))
            case ReadMailData():
                self.receive(action.limit)
            case ReadChunk(last=True, keep=True):
                self.receive(action.limit)
            case ReadChunk():
                self.take(data.chunk_read(session, action))
            case _:
                raise AssertionError(f"{action} is new here")

    def receive(self, limit: int | None) -> None:
        """A message by chance, as the shell would sum it up."""
        head = lines.content(self.chance)
        size = self.chance.choice((len(head), limit or 0, (limit or 0) + 1))
        over = limit is not None and size > limit
        found = data.MailData(size, head, self.chance.random() < 0.95, over, b"\n" in head.replace(b"\r\n", b""))
        self.take(data.received(self.session, found, "0193f5a1c0de70008000000000000001", self.now))


def check(outcome: Outcome) -> None:
    """What holds of every outcome, whatever was said."""
    session, reply = outcome.session, outcome.reply
    if reply is None:
        assert outcome.actions, "neither a reply nor anything to do"
    else:
        assert all(len(each) <= LONGEST_REPLY for each in reply.wire.splitlines(True)), reply.wire
        assert reply.wire.endswith(b"\r\n") and b"\0" not in reply.wire
        assert not reply.refuses or outcome.decided_by in RULES, (reply.wire, outcome.decided_by)
    _check_session(session)
    for action in outcome.actions:
        if isinstance(action, Accept):
            assert action.recipients and TRACE.fullmatch(action.trace), action
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
