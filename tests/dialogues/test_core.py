"""Each dialogue against the pure core, without a socket."""

from __future__ import annotations

from collections import Counter, deque
from pathlib import Path

import pytest

from tests.dialogues.dialogue import Dialogue, all_dialogues, matches, read, sent
from transport.receive import admission, auth, connection_filter, data, dns, mail, rcpt, starttls, verbs
from transport.receive.extensions import line_limit
from transport.receive.outcome import (
    Accept,
    AnswerToken,
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
)
from transport.receive.policy import Policy
from transport.receive.session import User
from transport.smtp.header import header
from transport.smtp.header_firewall import without

NOW = 1795000000.0


class Core:
    """The least shell there is: feeds lines to the core, performs its actions on values."""

    def __init__(self, dialogue: Dialogue) -> None:
        self.dialogue = dialogue
        self.users = dialogue.users
        self.dns = dialogue.dns
        self.recipients = {address.lower() for address in dialogue.recipients}
        self.policy = Policy(dialogue.snapshot)
        self.counted: Counter[str] = Counter()
        self.now = NOW
        self.connect(dialogue.client)

    def connect(self, client: str) -> None:
        self.replies: deque[str] = deque()
        self.decided_by = ""
        self.closed = self.tls_next = False
        self.accepted: list[Accept] = []
        self.buffer = b""
        self.reading: ReadMailData | ReadChunk | None = None
        self.chunks = b""
        self.began = self.heard = self.now
        self.take(verbs.connect(self.policy, self.dialogue.local, (client, 49152), self.dialogue.certificate))

    def wait(self, seconds: int) -> None:
        self.now += seconds
        connector = self.session.connector
        if self.now - self.began >= connector.connection_timeout:
            self.take(verbs.expired(self.session))
        elif self.now - self.heard >= connector.connection_inactivity_timeout:
            self.take(verbs.idle(self.session))

    def take(self, outcome: Outcome) -> None:
        self.session = outcome.session
        if self.session.chunks is None:
            self.chunks = b""
        for action in outcome.actions:
            match action:
                case CountConnection():
                    return self.take(admission.admitted(self.session, admission.Load(0, 0), NOW))
                case CountMessage(key, limit):
                    self.counted[key] += 1
                    return self.take(mail.counted(self.session, self.counted[key] <= limit))
                case AnswerToken():
                    return self.take(auth.challenged(self.session, "NTLM", None))
                case CheckPassword():
                    return self.take(auth.checked(self.session, self.sign_in(action)))
                case LookUpRecipient(recipient):
                    return self.take(rcpt.looked_up(self.session, action, str(recipient).lower() in self.recipients))
                case LookUpClient():
                    self.session = connection_filter.answered(self.session, self.dns_answers(action))
                case ReadMailData() | ReadChunk():
                    self.reading = action
                case Accept():
                    self.accepted.append(action)
                case StartTls():
                    self.tls_next, self.buffer = True, b""
                case _:
                    self.closed |= isinstance(action, Close)
        if outcome.reply is not None:
            self.replies.extend(self.session.wire(outcome.reply).decode().removesuffix("\r\n").split("\r\n"))
            self.decided_by = outcome.decided_by
        return None

    def dns_answers(self, asked: LookUpClient) -> dns.DnsAnswers:
        found = {
            domain: tuple(self.dns.get((dns.list_name(asked.address, domain), "A"), ())) for domain in asked.domains
        }
        pointer = f"{dns.list_name(asked.address, '')}in-addr.arpa"
        host_name = self.dns.get((pointer, "PTR"), [""])[0].rstrip(".") if asked.reverse else ""
        return dns.DnsAnswers(False, found, host_name, asked.address in self.dns.get((host_name, "A"), ()))

    def sign_in(self, asked: CheckPassword) -> User | auth.Denied:
        for user in self.users:
            names = (f"{user.domain}\\{user.name}".lower(), *user.addresses)
            asks = (f"{asked.logon.domain}\\{asked.logon.user}", asked.logon.address)
            if asked.password == user.password and not set(names).isdisjoint(asks):
                return User(f"{user.domain}\\{user.name}", tuple(user.groups), frozenset(user.addresses))
        return auth.WRONG

    def feed(self, octets: bytes) -> None:
        self.buffer += octets
        self.heard = self.now
        while not self.closed and self._step():
            pass

    def _step(self) -> bool:
        if isinstance(self.reading, ReadChunk):
            return self._chunk(self.reading)
        if self.reading is not None:
            return self._mail_data(self.reading)
        line, end, rest = self.buffer.partition(b"\n")
        if not end:
            return False
        self.buffer = rest
        if len(line + end) > line_limit(self.session.connector):
            self.take(verbs.line_too_long(self.session))
        elif line.endswith(b"\r"):
            self.take(verbs.respond(self.session, line[:-1], self.now))
        else:
            self.take(verbs.bare_line_feed(self.session))
        return True

    def _mail_data(self, reading: ReadMailData) -> bool:
        text, end, rest = (b"\r\n" + self.buffer).partition(b"\r\n.\r\n")
        if not end:
            return False
        self.buffer, self.reading = rest, None
        self._received(reading, text[2:].replace(b"\r\n.", b"\r\n") + b"\r\n")
        return True

    def _chunk(self, reading: ReadChunk) -> bool:
        if len(self.buffer) < reading.size:
            return False
        chunk, self.buffer, self.reading = self.buffer[: reading.size], self.buffer[reading.size :], None
        if reading.keep:
            self.chunks += chunk
        if reading.keep and reading.last:
            content, self.chunks = self.chunks, b""
            self._received(reading, content)
        else:
            self.take(data.chunk_read(self.session, reading))
        return True

    def _received(self, reading: ReadMailData | ReadChunk, content: bytes) -> None:
        found = header(content, reading.header_limit)
        mail_data = data.MailData(
            len(content),
            without(found.text, reading.firewall),
            found.complete,
            reading.limit is not None and len(content) > reading.limit,
            b"\n" in content.replace(b"\r\n", b""),
        )
        self.take(data.received(self.session, mail_data, "0193f5a1c0de70008000000000000001", NOW))


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
            assert core.tls_next, f"{place}: no go-ahead for TLS"
            names = (step.text,) if step.text else ()
            core.session, core.tls_next = starttls.established(core.session, "TLSv1.3", "AES", names), False
        elif step.mark == "wait":
            core.wait(int(step.text))
        elif step.mark == "connect":
            core.connect(step.text)
        elif step.mark == "closed":
            assert core.closed and not core.replies, f"{place}: {core.replies}"
        else:
            assert not core.replies, f"{place}: the server said {core.replies} before"
            core.feed(sent(step))
    assert not core.replies, f"{name}: unread replies {core.replies}"


@pytest.mark.parametrize("path", all_dialogues(), ids=lambda path: path.stem)
def test_dialogue(path: Path) -> None:
    play(Core(read(path)))
