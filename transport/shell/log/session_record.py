"""What the record of a session learns while it lasts. To spell it out is the work of the log's own thread."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

from transport.config import bounds
from transport.log_files import Limits, LogFiles, LogWriter
from transport.receive.auth import shown
from transport.receive.facts import Facts, ListsOf, NameOf
from transport.receive.outcome import Outcome
from transport.receive.session import Exchange, Session
from transport.smtp.mail_data import HeaderFacts
from transport.smtp.reply import Reply
from transport.trace.session_record import MOST_NAMES, MOST_TEXT, RECORD, Dns, Mail, SessionRecord, Step, written

MOST_OCTETS, MOST_STEPS = bounds.SESSION_RECORD.octets or 0, bounds.SESSION_RECORD.lines or 0
LIMITS_OF_ERRORS = frozenset({"too_many_errors", "too_many_logon_failures"})
LIMITS = Limits(directory_bytes=100 << 20, age=timedelta(days=7))
"""The files are read as soon as PostgreSQL is there."""


class SessionRecorder:
    """Gathers what one session does, within bounds."""

    __slots__ = (
        "_began",
        "_begun",
        "_certificates",
        "_ended",
        "_left",
        "_line",
        "_log",
        "_mails",
        "_more",
        "_session",
        "_session_id",
        "_steps",
        "_users",
    )

    def __init__(self, log: RecordLog, session: Session, session_id: str) -> None:
        self._log, self._session, self._session_id = log, session, session_id
        self._begun = session  # before it said that it speaks for somebody else
        self._began = time.time()
        self._steps: list[tuple[bytes, Reply, str, str]] = []
        self._line, self._left, self._more = b"", MOST_OCTETS, 0
        self._certificates: list[list[str]] = []
        self._users: list[str] = []
        self._mails: list[Mail] = []

    def heard(self, line: bytes, exchange: Exchange | None) -> None:
        """A command line that has no reply yet; no secret of an AUTH `exchange`."""
        self._line = shown(exchange, line)

    def answered(self, outcome: Outcome, line: bytes, exchange: Exchange | None) -> None:
        """A command line, if there is one, and the reply to it, if there is one yet."""
        reply = outcome.reply
        if line:
            self._line = shown(exchange, line)
        if reply is None:
            return
        said, self._line = self._line, b""
        rule = outcome.decided_by
        if rule == "line_too_long":
            said = said[:MOST_TEXT]
        self._left -= len(said)
        if self._left < 0 or self._more or len(self._steps) >= MOST_STEPS:
            self._more += 1
            return
        self._steps.append((said, reply, rule, outcome.matched if rule in LIMITS_OF_ERRORS else ""))

    def proved(self, user: str) -> None:
        """A password was right; its answer follows."""
        if not self._more:
            self._users.append(user)

    def secured(self, names: Iterable[str]) -> None:
        """TLS has begun; `names` are those in the client's trusted certificate."""
        if not self._more:
            self._certificates.append([name[:MOST_TEXT] for name in names][:MOST_NAMES])

    def message(self, mail: Mail, facts: HeaderFacts | None) -> None:
        """A message has come, whose header says this if it was read; its answer follows."""
        if self._more:
            return
        if facts is not None:
            authors = [each.strip()[:MOST_TEXT].decode("latin-1") for each in facts.authors[:MOST_NAMES]]
            mail = replace(mail, hops=facts.hops, local_hops=facts.local_hops, authors=authors)
        self._mails.append(mail)

    def closed(self, session: Session) -> None:
        """The session is over, and stays as it is."""
        self._ended, self._session = time.time(), session
        self._log.add(self)

    def record(self) -> SessionRecord:
        """What is kept of it."""
        session, began = self._session, self._begun
        return SessionRecord(
            round(self._ended, 3),
            round(self._began, 3),
            self._session_id,
            began.connector.name,
            (began.local_ip, began.local_port),
            began.remote_ip,
            began.policy.snapshot.revision,
            [_step(*each) for each in self._steps],
            self._certificates,
            self._users,
            self._mails,
            _dns(session.facts),
            self._more,
            (began.via.ip, began.via.port, *began.via.place) if began.via is not None else None,
        )


RecordLog = LogWriter[SessionRecorder]


def record_log(directory: Path) -> RecordLog:
    """The files of one transport. Raises OSError when the directory cannot be made."""
    files = LogFiles(directory, RECORD, LIMITS)
    return LogWriter(files, lambda sessions: "".join(written(each.record()) for each in sessions), "session record")


def recorder(log: RecordLog, session: Session, session_id: str) -> SessionRecorder | None:
    """The record of a session that has just begun; None where none is wanted."""
    wanted = session.policy.snapshot.transport_config.session_record_max_age
    return SessionRecorder(log, session, session_id) if wanted else None


def _step(said: bytes, reply: Reply, rule: str, cause: str) -> Step:
    text = said.removesuffix(b"\r\n").decode("latin-1")
    return Step(text, reply.code, rule, reply.text[:MOST_TEXT] if reply.code >= 400 else "", cause)


def _dns(facts: Facts) -> Dns:
    lists: dict[str, list[str]] = {}
    name: tuple[str, bool] | None = None
    for question, answer in facts.answers.items():
        if answer is None:
            continue
        if isinstance(question, ListsOf):
            lists |= {domain: [text[:MOST_TEXT] for text in texts[:MOST_NAMES]] for domain, texts in answer.items()}
        elif isinstance(question, NameOf):
            name = answer.host_name, answer.confirmed
    return Dns(lists, name)
