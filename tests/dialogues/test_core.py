"""Each dialogue against the pure core, without a socket."""

from __future__ import annotations

from collections import Counter, deque
from pathlib import Path

import pytest

from tests.dialogues.dialogue import Dialogue, all_dialogues, matches, read, sent
from transport.receive import auth
from transport.receive.conversation import Conversation, World
from transport.receive.facts import Record, Texts
from transport.receive.outcome import AnswerToken, CheckPassword, CountMessage, LookUpRecipient, Outcome
from transport.receive.policy import Policy
from transport.receive.session import Session, User

NOW = 1795000000.0


class Told(World):
    """What a dialogue's configuration says above its lines."""

    def __init__(self, dialogue: Dialogue) -> None:
        self.users, self.dns = dialogue.users, dialogue.dns
        self.recipients = {address.lower() for address in dialogue.recipients}
        self.counted: Counter[str] = Counter()

    def keeps_rate(self, session: Session, asked: CountMessage) -> bool:
        self.counted[asked.key] += 1
        return self.counted[asked.key] <= asked.limit

    def recipient(self, session: Session, asked: LookUpRecipient) -> tuple[bool, bool]:
        return str(asked.recipient).lower() in self.recipients, False

    def records(self, record: Record) -> Texts:
        return tuple(self.dns.get((record.name, record.kind), ()))

    def sign_in(self, session: Session, asked: CheckPassword | AnswerToken) -> User | auth.Denied | None:
        if isinstance(asked, AnswerToken):
            return None
        for user in self.users:
            names = (f"{user.domain}\\{user.name}".lower(), *user.addresses)
            asks = (f"{asked.logon.domain}\\{asked.logon.user}", asked.logon.address)
            if asked.password == user.password and not set(names).isdisjoint(asks):
                return User(f"{user.domain}\\{user.name}", tuple(user.groups), frozenset(user.addresses))
        return auth.WRONG


class Core:
    """A dialogue's conversations, one after the other, and what was not read of the replies yet."""

    def __init__(self, dialogue: Dialogue) -> None:
        self.dialogue, self.world = dialogue, Told(dialogue)
        self.policy = Policy(dialogue.snapshot, "gateway.test")
        self.connect(dialogue.client, NOW)

    def connect(self, client: str, now: float) -> None:
        self.replies: deque[str] = deque()
        self.decided_by = ""
        self.conversation = Conversation(
            self.policy,
            self.dialogue.local,
            (client, 49152),
            self.world,
            tls_available=self.dialogue.certificate,
            now=now,
            heard=self.heard,
        )

    def heard(self, outcome: Outcome) -> None:
        if outcome.reply is not None:
            self.replies.extend(outcome.session.wire(outcome.reply).decode().removesuffix("\r\n").split("\r\n"))
        if outcome.reply is not None or outcome.decided_by:
            self.decided_by = outcome.decided_by


def play(core: Core) -> None:
    """The core's dialogue, line by line."""
    name = core.dialogue.path.name
    for step in core.dialogue.steps:
        place = f"{name}:{step.number}"
        if step.mark == "S":
            assert core.replies, f"{place}: the server says nothing"
            reply = core.replies.popleft()
            assert matches(step.text, reply), f"{place}: the server says {reply!r}"
        elif step.mark == "rest":
            while core.replies.popleft()[3] == "-":
                pass
        elif step.mark == "why":
            assert core.decided_by == step.text, place
        elif step.mark == "starttls":
            assert core.conversation.secures, f"{place}: no go-ahead for TLS"
            core.conversation.secure((step.text,) if step.text else ())
        elif step.mark == "wait":
            core.conversation.wait(int(step.text))
        elif step.mark == "connect":
            core.connect(step.text, core.conversation.now)
        elif step.mark == "closed":
            assert core.conversation.closed and not core.replies, f"{place}: {core.replies}"
        else:
            assert not core.replies, f"{place}: the server said {core.replies} before"
            core.conversation.octets(sent(step))
    assert not core.replies, f"{name}: unread replies {core.replies}"


@pytest.mark.parametrize("path", all_dialogues(), ids=lambda path: path.stem)
def test_dialogue(path: Path) -> None:
    play(Core(read(path)))
