"""Each dialogue against the pure core, without a socket."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import pytest

from tests.dialogues.dialogue import Dialogue, all_dialogues, matches, read, sent
from transport.receive import data, rcpt, starttls, verbs
from transport.receive.outcome import Accept, Close, LookUpRecipient, Outcome, ReadMailData, StartTls
from transport.receive.policy import Policy

NOW = 1795000000.0


class Core:
    """The least shell there is: feeds lines to the core, performs its actions on values."""

    def __init__(self, dialogue: Dialogue) -> None:
        self.recipients = {address.lower() for address in dialogue.recipients}
        self.replies: deque[str] = deque()
        self.decided_by = ""
        self.closed = self.in_data = self.tls_next = False
        self.accepted: list[Accept] = []
        self.buffer = b""
        policy = Policy(dialogue.snapshot)
        self.take(verbs.connect(policy, dialogue.local, (dialogue.client, 49152), NOW, dialogue.certificate))

    def take(self, outcome: Outcome) -> None:
        self.session = outcome.session
        for action in outcome.actions:
            if isinstance(action, LookUpRecipient):
                listed = str(action.recipient).lower() in self.recipients
                return self.take(rcpt.looked_up(self.session, action.recipient, listed))
            self.closed |= isinstance(action, Close)
            self.in_data |= isinstance(action, ReadMailData)
            self.tls_next |= isinstance(action, StartTls)
            if isinstance(action, ReadMailData):
                self.limit = action.limit
            if isinstance(action, Accept):
                self.accepted.append(action)
        assert outcome.reply is not None
        self.replies.extend(outcome.reply.text.split("\n"))
        self.decided_by = outcome.decided_by
        return None

    def feed(self, octets: bytes) -> None:
        self.buffer += octets
        while not self.closed and self._step():
            pass

    def _step(self) -> bool:
        if self.in_data:
            return self._mail_data()
        line, end, rest = self.buffer.partition(b"\n")
        if not end:
            return False
        self.buffer = rest
        if line.endswith(b"\r"):
            self.take(verbs.respond(self.session, line[:-1], NOW))
        else:
            self.take(verbs.bare_line_feed(self.session))
        return True

    def _mail_data(self) -> bool:
        text, end, rest = (b"\r\n" + self.buffer).partition(b"\r\n.\r\n")
        if not end:
            return False
        self.buffer, self.in_data = rest, False
        content = text[2:].replace(b"\r\n.", b"\r\n") + b"\r\n"
        over = self.limit is not None and len(content) > self.limit
        mail = data.MailData(len(content), content.partition(b"\r\n\r\n")[0] + b"\r\n", over_limit=over)
        self.take(data.received(self.session, mail, "0193f5a1c0de70008000000000000001", NOW))
        return True


@pytest.mark.parametrize("path", all_dialogues(), ids=lambda path: path.stem)
def test_dialogue(path: Path) -> None:
    dialogue = read(path)
    core = Core(dialogue)
    for step in dialogue.steps:
        place = f"{path.name}:{step.number}"
        if step.mark == "S":
            assert core.replies, f"{place}: the server says nothing"
            reply = core.replies.popleft()
            assert matches(step.text, reply), f"{place}: the server says {reply!r}"
        elif step.mark == "why":
            assert core.decided_by == step.text, place
        elif step.mark == "starttls":
            assert core.tls_next, f"{place}: no go-ahead for TLS"
            core.session, core.tls_next = starttls.established(core.session, "TLSv1.3", "AES"), False
        elif step.mark == "closed":
            assert core.closed and not core.replies, f"{place}: {core.replies}"
        else:
            assert not core.replies, f"{place}: the server said {core.replies} before"
            core.feed(sent(step))
    assert not core.replies, f"{path.name}: unread replies {core.replies}"
