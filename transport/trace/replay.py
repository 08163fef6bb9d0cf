"""PURE. Sessions that were, answered again under another configuration: where the first answer differs, and what it
would be.

The client says what it said; what the world had to say is taken from the record where that has it (recipients that
were looked up, sign-ins, rates, lists of DNS), else as it is now. What cannot be known ends the replay of a session:
what was compared until then counts.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from transport.receive import verbs
from transport.receive.admission import Load
from transport.receive.auth import MASK, Denied
from transport.receive.conversation import Conversation, World
from transport.receive.data import MailData
from transport.receive.extensions import line_limit
from transport.receive.facts import ClientName, ListsOf, NameOf, Question
from transport.receive.front_end import arrival
from transport.receive.outcome import (
    AnswerToken,
    CheckPassword,
    CountMessage,
    FindKept,
    LookUpRecipient,
    Outcome,
    ReadChunk,
    ReadMessage,
    ReleaseKept,
)
from transport.receive.policy import Policy
from transport.receive.rules import CLOSED
from transport.receive.session import Session, User
from transport.smtp.header_firewall import without
from transport.smtp.proxy_header import V1
from transport.trace.session_record import MOST_TEXT, Mail, SessionRecord, Step

CLIENT_PORT = 49152
MOST_HOPS = 1000
LOADS = frozenset({"connection_limit", "source_limit", "source_share"})
TIMES = frozenset({"inactivity_timeout", "connection_timeout", "stopping", "internal_fault", "not_stored"})
DENIED = frozenset(
    {"sign_in_failed", "sign_in_too_often", "sign_in_not_available", "sign_in_not_bound", "sign_in_ticket_refused"}
)
RIGHT_PASSWORD = frozenset({"signed_in", "sign_in_without_submit"})
AT_ONCE, EARLY = "tls_at_once", "early_talker"

# Why a replay ends before its session does.
MOMENT = "moment"
"""It depended on the moment: on other connections, the time, the disk, the mail that waited."""
USER = "user"
"""Who signed in is no user any more, or is not known."""
NOT_KEPT = "not kept"
"""The record is shorter than the session was."""


class Now(msgspec.Struct, frozen=True):
    """What is the case now: whether TLS can be offered, whom the directory lists, and a user by name, None for none."""

    tls_available: bool = True
    listed: Callable[[str], bool] = lambda address: True
    user: Callable[[str], User | None] = lambda name: None


class Difference(msgspec.Struct, frozen=True):
    """The first answer that would be another one: the number of its step, what was answered, and what would be. The
    code is 0 where a password would be checked, or a message would be read (nothing is said), that nobody knows; and
    where the connection would be closed without a word, by a rule.
    """

    place: int
    then: Step
    now: Step


class Replayed(msgspec.Struct, frozen=True):
    """`answers`: how many were compared; `connector`: whose they would be; `ended`: why these are not all."""

    answers: int
    connector: str
    difference: Difference | None = None
    ended: str = ""


class _Ends(Exception):
    """Nothing more can be told of this session."""


class _Asks(Exception):
    """A password would be checked, or a message read, that nobody knows."""


class _World(World):
    def __init__(self, record: SessionRecord, now: Now) -> None:
        self._record, self._now = record, now
        self._users = iter(record.users)
        self.step = record.steps[0]

    @property
    def why(self) -> str:
        """The rule that decided then; of a limit of errors, that of the last error."""
        return self.step.cause or self.step.rule

    @property
    def resources_low(self) -> bool:  # type: ignore[override]  # from one step to the next
        return self.why == "insufficient_resources"

    def load(self, session: Session) -> Load:
        if self.why in LOADS:
            raise _Ends(MOMENT)
        return Load(0, 0)

    def keeps_rate(self, session: Session, asked: CountMessage) -> bool:
        return self.why != "message_rate"

    def recipient(self, session: Session, asked: LookUpRecipient) -> tuple[bool | None, bool]:
        known = {"recipient_listed": True, "recipient_unknown": False, "directory_not_available": None}
        found = known[self.why] if self.why in known else self._now.listed(str(asked.recipient).lower())
        return found, False

    def sign_in(self, session: Session, asked: CheckPassword | AnswerToken) -> bytes | User | Denied | None:
        if self.why in RIGHT_PASSWORD:
            user = self._now.user(next(self._users, ""))
            if user is None:
                raise _Ends(USER)
            return user
        if self.step.code == 334:
            return b""
        if self.why in DENIED:
            return Denied(self.why)
        raise _Asks

    def kept(self, session: Session, asked: ReleaseKept) -> int | str:
        raise _Ends(MOMENT)

    def waiting(self, session: Session, asked: FindKept) -> tuple[str, ...] | None:
        raise _Ends(MOMENT)

    def fact(self, question: Question[Any]) -> Any:
        dns = self._record.dns
        if isinstance(question, ListsOf):
            return {domain: tuple(dns.lists.get(domain, ())) for domain in question.domains}
        return ClientName(*dns.name) if isinstance(question, NameOf) and dns.name is not None else ClientName()


def replay(policy: Policy, record: SessionRecord, now: Now) -> Replayed:
    """What a session would hear under a policy."""
    client = _Client(policy, record, now)
    answers, difference, ended = 0, None, NOT_KEPT if record.more or not record.steps else ""
    try:
        for answers, (then, found) in enumerate(client.answers(), 1):
            if differ(then, found):
                difference, ended = Difference(answers - 1, then, found), ""
                break
    except _Ends as why:
        ended = str(why)
    return Replayed(answers, client.connector, difference, ended)


def differ(then: Step, now: Step) -> bool:
    """Whether these are two answers: another code, or another reason to refuse."""
    return then.code != now.code or (then.code >= 400 and then.rule != now.rule)


class _Client:
    """Says what a record says."""

    _conversation: Conversation

    def __init__(self, policy: Policy, record: SessionRecord, now: Now) -> None:
        self._policy, self._record, self._now = policy, record, now
        self._certificates, self._mails = iter(record.certificates), iter(record.mails)
        self.connector = ""

    def answers(self) -> Iterator[tuple[Step, Step]]:
        """Each step as it was, and as it would be. Raises _Ends."""
        if not self._record.steps:
            return
        self._world = _World(self._record, self._now)
        for place, step in enumerate(self._record.steps):
            self._world.step = step
            try:
                yield step, self._answer(place, step)
            except _Asks:
                yield step, Step(step.said, 0)

    def _answer(self, place: int, step: Step) -> Step:
        outcome = self._connects(step) if place == 0 else self._goes_on(step)
        reply = outcome.reply
        if reply is None and outcome.decided_by in CLOSED:
            return Step(step.said, 0, outcome.decided_by)
        if reply is None:
            raise _Ends(MOMENT)
        text = reply.text[:MOST_TEXT] if reply.code >= 400 else ""
        return Step(step.said, reply.code, outcome.decided_by, text)

    def _connects(self, step: Step) -> Outcome:
        record, client = self._record, (self._record.client, CLIENT_PORT)
        named_by = record.front_end
        local, speaker = (record.local, None) if named_by is None else (named_by[2:], named_by[:2])
        tls = self._now.tls_available
        begun = arrival(self._policy, local, client, speaker, record.began, tls)
        talk = self._conversation = Conversation(
            self._policy, local, client, self._world, tls_available=tls, now=record.began, begun=begun
        )
        self.connector = talk.session.connector.name
        if speaker is not None and talk.session.via is None and not talk.closed:
            return self._early(V1)
        if self._world.why in (AT_ONCE, EARLY) and not talk.closed:
            octets = verbs.TLS_RECORD if self._world.why == AT_ONCE else b"\r\n"
            return self._early(octets)
        return talk.greeted

    def _early(self, octets: bytes) -> Outcome:
        """It said this before it was greeted."""
        talk = self._conversation
        early = verbs.spoke_early(talk.session, octets)
        return talk.happens(lambda session: early) if early is not None else talk.greeted

    def _goes_on(self, step: Step) -> Outcome:
        talk, why = self._conversation, self._world.why
        if talk.secures:
            talk.secure(next(self._certificates, ()))
        if why in TIMES or talk.closed:
            raise _Ends(MOMENT)
        if why == AT_ONCE:
            return talk.happens(verbs.tls_at_once)
        if talk.reading is not None:
            return self._hands_in(talk.reading)
        return self._says(step.said, why)

    def _says(self, said: str, why: str) -> Outcome:
        talk = self._conversation
        if why == "line_too_long" or len(said) + 2 > line_limit(talk.session.connector):
            return talk.happens(verbs.line_too_long)
        if said.endswith("\n"):
            return talk.happens(verbs.bare_line_feed)
        outcome = talk.line(self._unmasked(said, why))
        return self._hands_in(talk.reading) if isinstance(talk.reading, ReadChunk) else outcome

    def _unmasked(self, said: str, why: str) -> bytes:
        """With something in place of what a client says to prove itself, which comes to the same answer."""
        line = said.encode("latin-1", "replace")
        if not line.endswith(MASK):
            return line
        exchange = self._conversation.session.exchange
        mechanism = exchange.mechanism if exchange is not None else said.split()[1].upper()
        usual = b64encode(b"\0-\0-" if mechanism == "PLAIN" else b"-")
        return line.removesuffix(MASK) + {"sign_in_cancelled": b"*", "sign_in_malformed": b"!"}.get(why, usual)

    def _hands_in(self, wanted: ReadMessage) -> Outcome:
        talk = self._conversation
        if isinstance(wanted, ReadChunk) and not (wanted.keep and wanted.last):
            return talk.chunk()
        mail = next(self._mails, None)
        if mail is None:
            raise _Ends(NOT_KEPT)
        return talk.message(self._mail_data(mail, wanted))

    def _mail_data(self, mail: Mail, wanted: ReadMessage) -> MailData:
        over = wanted.limit is not None and mail.size > wanted.limit
        was_read = mail.header_complete or mail.header
        if not was_read and not over:
            raise _Asks
        if was_read and not mail.header_complete and mail.header < wanted.header_limit:
            raise _Ends(NOT_KEPT)
        if wanted.find_bare_line_feeds and mail.bare_line_feeds is None and not over:
            raise _Ends(NOT_KEPT)
        complete = not was_read or (mail.header_complete and mail.header <= wanted.header_limit)
        head = without(self._head(mail), wanted.firewall)
        return MailData(mail.size, head, complete, over, bool(mail.bare_line_feeds))

    def _head(self, mail: Mail) -> bytes:
        """A header that says as much."""
        ours = next(iter(self._policy.our_names), b"localhost")
        local = min(mail.local_hops, MOST_HOPS)
        hops = b"Received: by %b\r\n" % ours * local + b"Received: x\r\n" * min(mail.hops - local, MOST_HOPS)
        return hops + b"".join(b"From: %b\r\n" % each.encode("latin-1", "replace") for each in mail.authors)
