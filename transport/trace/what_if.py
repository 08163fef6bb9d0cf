"""What a client would hear, and where its mail would go: the decisions asked, nothing sent (the console's What-if).

A dialogue is a client that does one thing: it hands in one message. It is played through `receive.conversation` on a
policy that tells what was looked at; what becomes of the message says `way_out`. What the world would have to be asked
(DNS) is given, or counts as silent, and stands in the answer as a question.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping

import msgspec
from msgspec.structs import replace

from transport.config.permissions import Origin, origins
from transport.receive import verbs
from transport.receive.auth import shown
from transport.receive.connector_match import Match, Passed, passed_over
from transport.receive.conversation import Conversation, World, mail_data
from transport.receive.data import MailData
from transport.receive.extensions import line_limit
from transport.receive.facts import Record, Texts
from transport.receive.front_end import arrival
from transport.receive.outcome import Accept, AnswerToken, CheckPassword, LookUpRecipient, Outcome, ReadMessage, Tarpit
from transport.receive.rules import CLOSED, RULES
from transport.receive.session import Session, User
from transport.send.choice import Mail
from transport.send.extensions import NOTHING, Extensions, offered
from transport.send.route import Router
from transport.smtp.proxy_header import V1, Header, version_1
from transport.trace.watched import DIRECTORY, LISTS, RIGHT, USER, Look, WatchedPolicy, WatchedSet, unwatched
from transport.trace.way_out import Way, next_hosts, way_out

CLIENT_PORT = 49152
"""Of every client: nothing depends on it."""
MECHANISMS = ("PLAIN", "LOGIN", "NTLM", "GSSAPI")
"""In which a client signs in here, the first that is offered; no password is known, so that each does."""

RIGHTS = ("grants", "permission_groups")
"""Where a rule that lives there has looked at rights."""


class Dialogue(msgspec.Struct, frozen=True, kw_only=True):
    """What a client would do. `client`: its address; `local`: the address and port that it connects to; `front_end`:
    the address of a load balancer that connects there for it, and names it; `tls`: it says STARTTLS; `certificate`: the
    host names in the certificate that it shows, taken as trusted; `extended`: it says EHLO rather than HELO; `user`:
    signs in, and is who they say; `size`: of its message in octets, None: as `content` is, which is a header or a whole
    message.
    """

    client: str
    local: tuple[str, int] = ("127.0.0.1", 25)
    front_end: str = ""
    tls: bool = False
    certificate: tuple[str, ...] = ()
    helo: str = ""
    extended: bool = True
    user: User | None = None
    sender: str = ""
    recipients: tuple[str, ...] = ()
    size: int | None = None
    content: bytes = b""

    @property
    def octets(self) -> int:
        """Of its message."""
        return max(self.size or 0, len(self.content))


class Given(msgspec.Struct, frozen=True):
    """What the world says: whether TLS can be offered, whom the directory lists, what DNS has by name and kind (those
    records that somebody asked for or gave), and the time in Unix seconds.
    """

    tls_available: bool = True
    listed: Callable[[str], bool] = lambda address: True
    records: Mapping[tuple[str, str], Texts] = {}
    now: float = 0.0

    def record(self, record: Record) -> Texts | None:
        """What DNS has, None where nobody has asked or given it."""
        return self.records.get((record.name.lower(), record.kind))


class Step(msgspec.Struct, frozen=True):
    """What the client says, empty for its connection, and hears: `reply` as on the wire. `looks` is what was asked for
    it, in this order; `rule` what decided, and `matched` by which entry; `held` for how many seconds it is held back.
    """

    said: str
    sent: bytes
    reply: bytes
    looks: tuple[Look, ...] = ()
    rule: str = ""
    matched: str = ""
    held: int = 0

    @property
    def text(self) -> str:
        """The reply as people read it."""
        return self.reply.decode("utf-8", "replace").rstrip()

    @property
    def code(self) -> int:
        """The reply's, 0 where there is none."""
        return int(self.reply[:3] or b"0")

    @property
    def decisive(self) -> Look | None:
        """What the rule that decided has looked at last."""
        rule = RULES.get(self.rule)
        if rule is None:
            return None
        settings = {(rule.on, field) for field in (rule.field, *rule.also)}
        objects = {rule.on, *rule.see} & set(LISTS) | ({RIGHT} if rule.field in RIGHTS else set())
        decided = (look for look in reversed(self.looks) if look.on in objects or (look.on, look.field) in settings)
        return next(decided, None)

    @property
    def is_refused(self) -> bool:
        return self.code >= 400 or self.rule in CLOSED


class Question(msgspec.Struct, frozen=True):
    """A record of DNS that a decision asks for; `answer` is None where nobody has given it, and it counts as silent."""

    record: Record
    answer: Texts | None


class Answer(msgspec.Struct, frozen=True):
    """`match`: the connector and its range; `passed`: the other connectors; `principal`: whom the client stands for in
    the end, and `origins` what they may do, and by what; `accepted`: the message, if it is taken; `recipients`: those
    that are, or would be if it were; `ways`: of each; `closed`: we end the connection.
    """

    steps: tuple[Step, ...]
    match: Match | None
    passed: tuple[Passed, ...]
    principal: str
    origins: tuple[Origin, ...]
    questions: tuple[Question, ...]
    recipients: tuple[str, ...] = ()
    accepted: Accept | None = None
    ways: tuple[Way, ...] = ()
    closed: bool = False

    @property
    def refusal(self) -> Step | None:
        """The first refusal."""
        return next((step for step in self.steps if step.is_refused), None)


class _World(World):
    def __init__(self, dialogue: Dialogue, given: Given, policy: WatchedPolicy) -> None:
        self._dialogue, self._given, self._policy = dialogue, given, policy
        self.questions: dict[Record, Texts | None] = {}

    def recipient(self, session: Session, asked: LookUpRecipient) -> tuple[bool, bool]:
        address = str(asked.recipient).lower()
        listed = self._given.listed(address)
        self._policy.note(Look(DIRECTORY, "", address, listed))
        return listed, False

    def sign_in(self, session: Session, asked: CheckPassword | AnswerToken) -> User:
        user = self._dialogue.user
        assert user is not None
        return replace(user, addresses=WatchedSet.of(user.addresses, USER, "addresses", self._policy.note))

    def records(self, record: Record) -> Texts:
        answer = self.questions[record] = self._given.record(record)
        return answer or ()


class _Client:
    """Plays a dialogue."""

    def __init__(self, policy: WatchedPolicy, dialogue: Dialogue, given: Given) -> None:
        self.dialogue, self.policy = dialogue, policy
        self.steps: list[Step] = []
        self.accepted: Accept | None = None
        self.recipients: list[str] = []
        self._said, self._sent = "", b""
        policy.taken()
        self.world = _World(dialogue, given, policy)
        ends, tls = (dialogue.local, (dialogue.client, CLIENT_PORT)), given.tls_available
        speaker = (dialogue.front_end, CLIENT_PORT) if dialogue.front_end else None
        self.header = version_1(Header(0, ends[1], ends[0])) if speaker is not None else ""
        begun = arrival(policy, *ends, speaker, given.now, tls)
        if begun.session.via is not None:
            self._said, self._sent = self.header, self.header.encode() + b"\r\n"
        self.conversation = Conversation(
            policy, *ends, self.world, tls_available=tls, now=given.now, heard=self._heard, begun=begun
        )

    def _heard(self, outcome: Outcome) -> None:
        if outcome.reply is None and not outcome.decided_by:
            return
        held = sum(action.seconds for action in outcome.actions if isinstance(action, Tarpit))
        reply = outcome.session.wire(outcome.reply) if outcome.reply is not None else b""
        looks = self.policy.taken()
        self.steps.append(Step(self._said, self._sent, reply, looks, outcome.decided_by, outcome.matched, held))
        self.accepted = next((each for each in outcome.actions if isinstance(each, Accept)), self.accepted)

    def says(self, line: str) -> bool:
        """Whether it may go on: the reply is no refusal."""
        if self.conversation.closed:
            return False
        self._sent = line.encode("utf-8", "replace") + b"\r\n"
        exchange = self.conversation.session.exchange
        self._said = shown(exchange, self._sent[:-2]).decode("utf-8", "replace")
        if len(self._sent) > line_limit(unwatched(self.conversation.session.connector)):
            self.conversation.happens(verbs.line_too_long)
        else:
            self.conversation.line(self._sent[:-2])
        return not self.steps[-1].is_refused

    def plays(self) -> None:
        if self.header and self.conversation.session.via is None and not self.conversation.closed:
            self.speaks_early()
        if not self.conversation.closed and self.hellos() and self.secures() and self.signs_in():
            self.hands_in()
        self.says("QUIT")

    def speaks_early(self) -> None:
        """The header of a load balancer that is not believed."""
        early = verbs.spoke_early(self.conversation.session, V1)
        if early is None:
            self.says(self.header)
        else:
            self._said, self._sent = self.header, self.header.encode() + b"\r\n"
            self.conversation.happens(lambda session: early)

    def hellos(self) -> bool:
        return self.says(f"{'EHLO' if self.dialogue.extended else 'HELO'} {self.dialogue.helo}".rstrip())

    def secures(self) -> bool:
        if not self.dialogue.tls:
            return True
        if not self.says("STARTTLS"):
            return False
        self.conversation.secure(self.dialogue.certificate)
        return self.hellos()

    @property
    def offered(self) -> Extensions:
        """By the last answer to EHLO."""
        hello = next((step for step in reversed(self.steps) if step.said[:4] == "EHLO"), None)
        return offered("\n".join(line[4:] for line in hello.text.splitlines())) if hello is not None else NOTHING

    def signs_in(self) -> bool:
        user = self.dialogue.user
        if user is None:
            return True
        mechanism = next((each for each in MECHANISMS if each in self.offered.mechanisms), MECHANISMS[0])
        name = user.name.encode()
        if mechanism == "LOGIN":
            return self.says("AUTH LOGIN") and self.says(_base64(name)) and self.says(_base64(b"-"))
        return self.says(f"AUTH {mechanism} " + _base64(b"\0" + name + b"\0-"))

    def hands_in(self) -> None:
        if not self.says(self._mail()):
            return
        for recipient in self.dialogue.recipients:
            if self.says(f"RCPT TO:<{recipient}>"):
                self._note_recipient()
        if self.recipients and self.says("DATA") and (wanted := self.conversation.reading) is not None:
            self._said, self._sent = "", b""
            self.conversation.message(_arrived(self.dialogue, wanted))

    def _note_recipient(self) -> None:
        added = self.conversation.session.recipients
        assert added is not None
        self.recipients.append(added.last.address)

    def _mail(self) -> str:
        dialogue, offers = self.dialogue, self.offered
        said = f"MAIL FROM:<{dialogue.sender}>"
        if "size" in offers:
            said += f" SIZE={dialogue.octets}"
        if not dialogue.content.isascii() and "8bitmime" in offers:
            said += " BODY=8BITMIME"
        if not "".join((dialogue.sender, *dialogue.recipients)).isascii() and "smtputf8" in offers:
            said += " SMTPUTF8"
        return said


def _base64(octets: bytes) -> str:
    return b64encode(octets).decode()


def _arrived(dialogue: Dialogue, wanted: ReadMessage) -> MailData:
    """What is known of its message. More octets may come than are given; an empty line ends the header before them."""
    content = dialogue.content
    if dialogue.octets > len(content) and b"\r\n\r\n" not in b"\r\n" + content:
        content += b"\r\n"
    read = mail_data(content, wanted)
    over_limit = wanted.limit is not None and dialogue.octets > wanted.limit
    return replace(read, size=dialogue.octets, over_limit=over_limit)


def what_if(policy: WatchedPolicy, dialogue: Dialogue, given: Given) -> Answer:
    """The policy is the question's own: nobody else may ask it meanwhile."""
    client = _Client(policy, dialogue, given)
    client.plays()
    session = client.conversation.session
    match = policy.match(dialogue.local, dialogue.client)
    ways = tuple(_ways(policy, client, dialogue, given))
    records = client.world.questions | {way.exchangers: given.record(way.exchangers) for way in ways if way.exchangers}
    return Answer(
        tuple(client.steps),
        match,
        tuple(passed_over(policy.written, dialogue.local, dialogue.client, match)),
        session.principal,
        tuple(_origins(session)) if match is not None else (),
        tuple(Question(record, answer) for record, answer in records.items()),
        tuple(client.recipients),
        client.accepted,
        ways,
        client.conversation.closed,
    )


def _origins(session: Session) -> list[Origin]:
    connector = unwatched(session.connector)
    principals = session.user.principals if session.user is not None else (session.principal,)
    return origins(connector.permission_groups, connector.grants, *principals)


def _ways(policy: WatchedPolicy, client: _Client, dialogue: Dialogue, given: Given) -> Iterator[Way]:
    """Of the recipients that were taken, whether the message is or not: of one that is refused people ask, too."""
    session = client.conversation.session
    router = Router(policy.written, policy.server)
    mail = Mail(dialogue.sender, session.principal, dialogue.octets, session.connector.name)
    for recipient in dict.fromkeys(client.recipients):
        way = way_out(router, recipient, given.listed(recipient.lower()), mail)
        known = given.record(way.exchangers) if way.exchangers is not None else None
        hosts = next_hosts(way.hop.domain, known) if known is not None else []
        yield replace(way, hosts=tuple(map(tuple, hosts)))
