"""One client's whole conversation with the decisions: lines and facts in, outcomes out; no socket, no clock.

Whoever wants to know what would be said drives it: dialogues, fuzz, measurements, pages of the console, the replay of a
log. What the decisions ask of the world on the way, a `World` answers with values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, assert_never

from transport.receive import verbs
from transport.receive.admission import Load, admitted, connect
from transport.receive.auth import WRONG, Denied, checked, told
from transport.receive.data import MailData, chunk_read, received
from transport.receive.extensions import line_limit
from transport.receive.facts import Question, Record, Texts, found, silence
from transport.receive.front_end import front_end, spoken
from transport.receive.mail import counted
from transport.receive.outcome import (
    Accept,
    Action,
    AnswerToken,
    Ask,
    Await,
    CheckPassword,
    Close,
    CountAnew,
    CountConnection,
    CountMessage,
    FindKept,
    LookUpRecipient,
    Outcome,
    ReadChunk,
    ReadMailData,
    ReadMessage,
    ReleaseKept,
    StartTls,
    SwapRoles,
    Tarpit,
)
from transport.receive.pick_up import released, turned
from transport.receive.policy import Policy
from transport.receive.rcpt import looked_up
from transport.receive.session import Session, User, answered
from transport.receive.starttls import established
from transport.smtp.dot_stuffing import MailDataReader
from transport.smtp.header import header
from transport.smtp.header_firewall import without

IDENTITY = "0193f5a1c0de70008000000000000001"
"""Of every message: nothing is stored."""


class World:
    """What is asked meanwhile. This world is idle and knows every recipient, no user, and nothing else; a subclass
    says what is otherwise.
    """

    resources_low = False

    def load(self, session: Session) -> Load:
        """The other connections."""
        return Load(0, 0)

    def keeps_rate(self, session: Session, asked: CountMessage) -> bool:
        """Whether the limit is kept with this message."""
        return True

    def recipient(self, session: Session, asked: LookUpRecipient) -> tuple[bool | None, bool]:
        """Whether the directory lists it (None: cannot tell), and whether the source is over its budget."""
        return True, False

    def sign_in(self, session: Session, asked: CheckPassword | AnswerToken) -> bytes | User | Denied | None:
        """The user, why not, or a mechanism's next challenge; None for a token that is none."""
        return WRONG

    def kept(self, session: Session, asked: ReleaseKept) -> int | str:
        """How many messages are kept, or the rule by which none is let go."""
        return 0

    def waiting(self, session: Session, asked: FindKept) -> tuple[str, ...] | None:
        """The domains that have mail which is kept; None when that cannot be told."""
        return ()

    def fact(self, question: Question[Any]) -> Any:
        """Its answer; None when that has not come yet: asked again once a command waits for it."""
        return found(question, self.records)

    def records(self, record: Record) -> Texts:
        """What DNS has."""
        return ()


class Conversation:
    """`session` is as the last outcome left it; `reading` what must arrive before the next line; `secures`: the
    handshake comes next; `closed`: we have ended it. Every method that gives an outcome gives the last one; `heard`
    is called with each, those without a reply as well. There is no session before a load balancer has said who its
    client is.
    """

    session: Session
    greeted: Outcome
    _reader: MailDataReader

    def __init__(
        self,
        policy: Policy,
        local: tuple[str, int],
        remote: tuple[str, int],
        world: World,
        *,
        tls_available: bool = True,
        now: float = 0.0,
        heard: Callable[[Outcome], object] = lambda outcome: None,
        begun: Outcome | None = None,
    ) -> None:
        """Connects. `now` in Unix seconds; `begun` is how it begins where no client connects (`admission.swapped`)."""
        self.world, self.heard = world, heard
        self.now = self._began = self._seen = now
        self.closed = self.secures = False
        self.reading: ReadMailData | ReadChunk | None = None
        self._line = self._buffer = self._content = b""
        self._arrival = policy, local, remote, tls_available
        self._introduces = begun is None and front_end(policy, local, remote) is not None
        if not self._introduces:
            self.greeted = self._take(begun or connect(policy, local, remote, tls_available))

    # What a client does

    def line(self, line: bytes) -> Outcome:
        """It says a command, or answers in a sign-in; without CRLF."""
        self._line = line
        return self._take(verbs.respond(self.session, line, self.now, self.world.resources_low))

    def sign_in(self, who: User | Denied) -> Outcome:
        """It signs in, in whatever way."""
        return self._take(checked(self.session, who))

    def secure(self, names: Iterable[str] = (), protocol: str = "TLSv1.3", cipher: str = "AES") -> None:
        """It does its handshake; `names` are those in its trusted certificate."""
        self.session, self.secures = established(self.session, protocol, cipher, names), False

    def content(self, content: bytes) -> Outcome:
        """It sends all of the message that is awaited, dots un-stuffed."""
        assert self.reading is not None
        return self.message(mail_data(content, self.reading))

    def message(self, mail: MailData) -> Outcome:
        """The same, when no more is known of the message than this."""
        self.reading, self._content = None, b""
        return self._take(received(self.session, mail, IDENTITY, self.now))

    def chunk(self) -> Outcome:
        """It sends a chunk that is not the last of a message, or that nobody wanted."""
        assert isinstance(self.reading, ReadChunk)
        chunk, self.reading = self.reading, None
        return self._take(chunk_read(self.session, chunk))

    def happens(self, what: Callable[[Session], Outcome]) -> Outcome:
        """Something else: `verbs.idle`, `verbs.stopping`, `verbs.line_too_long` and their like."""
        return self._take(what(self.session))

    def wait(self, seconds: float) -> None:
        """It is silent for so long."""
        self.now += seconds
        connector = self.session.connector
        if self.now - self._began >= connector.connection_timeout:
            self.happens(verbs.expired)
        elif self.now - self._seen >= connector.connection_inactivity_timeout:
            self.happens(verbs.idle)

    def octets(self, octets: bytes) -> None:
        """It sends this, be it lines, a message or parts of them."""
        self._buffer += octets
        self._seen = self.now
        while not self.closed and self._step():
            pass

    def _step(self) -> bool:
        """Takes the next whole thing from the buffer; False when there is none."""
        if self._introduces:
            return self._take_header()
        match self.reading:
            case ReadMailData():
                return self._take_mail_data()
            case ReadChunk() as chunk:
                return self._take_chunk(chunk)
        line, end, rest = self._buffer.partition(b"\n")
        if not end:
            return False
        self._buffer = rest
        if len(line + end) > line_limit(self.session.connector):
            self.happens(verbs.line_too_long)
        elif line.endswith(b"\r"):
            self.line(line[:-1])
        else:
            self.happens(verbs.bare_line_feed)
        return True

    def _take_header(self) -> bool:
        """What a load balancer says first, who must."""
        policy, local, remote, tls_available = self._arrival
        came = spoken(policy, local, remote, self._buffer, self.now, tls_available)
        if came is None:
            return False
        outcome, self._buffer = came
        self._introduces = False
        self.greeted = self._take(outcome)
        return True

    def _take_mail_data(self) -> bool:
        piece, self._buffer = self._reader.feed(self._buffer)
        self._content += piece
        if self._reader.finished:
            self.content(self._content)
        return self.reading is None

    def _take_chunk(self, chunk: ReadChunk) -> bool:
        if len(self._buffer) < chunk.size:
            return False
        piece, self._buffer = self._buffer[: chunk.size], self._buffer[chunk.size :]
        self._content += piece if chunk.keep else b""
        if chunk.keep and chunk.last:
            self.content(self._content)
        else:
            self.chunk()
        return True

    # What comes of it

    def _take(self, outcome: Outcome) -> Outcome:
        """The last outcome: nothing more is asked."""
        following: Outcome | None = outcome
        while following is not None:
            outcome, following = following, None
            self.heard(outcome)
            self.session = outcome.session
            for action in outcome.actions:
                following = self._act(action)
        if self.session.chunks is None and self.reading is None:
            self._content = b""
        return outcome

    def _act(self, action: Action) -> Outcome | None:
        """Does it; the outcome of the answer where something was asked."""
        session, world = self.session, self.world
        match action:
            case CountConnection() | CountAnew():
                return admitted(session, world.load(session), self.now)
            case CountMessage():
                return counted(session, world.keeps_rate(session, action))
            case LookUpRecipient():
                return looked_up(session, action, *world.recipient(session, action))
            case CheckPassword() | AnswerToken():
                return told(session, action, world.sign_in(session, action))
            case ReleaseKept():
                return released(session, world.kept(session, action))
            case FindKept():
                return turned(session, world.waiting(session, action))
            case Ask(question):
                self.session = answered(session, {question: world.fact(question)})
            case Await():
                known = {each: world.fact(each) or silence(each) for each in session.facts.open}
                self.session = answered(session, known)
                return verbs.respond(self.session, self._line, self.now, world.resources_low)
            case ReadMailData():
                self.reading, self._reader = action, MailDataReader()
            case ReadChunk():
                self.reading = action
            case StartTls():
                self.secures, self._buffer = True, b""
            case Close() | SwapRoles():
                self.closed = True
            case Tarpit() | Accept():  # nobody waits, nothing is stored
                pass
            case _:
                assert_never(action)
        return None


def mail_data(content: bytes, wanted: ReadMessage) -> MailData:
    """What is to be known of a message that was read so."""
    read = header(content, wanted.header_limit)
    over_limit = wanted.limit is not None and len(content) > wanted.limit
    bare = b"\n" in content.replace(b"\r\n", b"")
    return MailData(len(content), without(read.text, wanted.firewall), read.complete, over_limit, bare)
