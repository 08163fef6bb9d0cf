"""A session as people read it: who said what when, and why we refused. PURE of the database."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime

from django.urls import reverse

from console.tracking.models import Session
from transport.receive.rules import REFUSALS, RULES, Rule

_CONTEXT = re.compile(r"(?P<rule>[a-z_]+); revision (?P<revision>\d+)(?:; (?P<matched>.*))?", re.DOTALL)
_TARPIT = re.compile(r"Tarpit for '0\.(\d\d):(\d\d):(\d\d)'")
_ESCAPED = re.compile(r"\\(?:x([a-f][0-9a-f])|u([0-9a-f]{4})|U(000[0-9a-f]{5}))")
_MANY_LINES = re.compile(r"(\d{3})  ")
MARKS = {"+": "connected", "-": "disconnected", ">": "we sent", "<": "the client sent", "*": "information"}
SIDES = {">": "ours", "<": "theirs"}


@dataclass(frozen=True)
class Decision:
    """The rule that a refusal names, the revision under which it was decided, and the entry, provider or pattern that
    matched, if the rule has any.
    """

    name: str
    revision: int
    matched: str = ""

    @property
    def rule(self) -> Rule | None:
        return RULES.get(self.name)

    @property
    def words(self) -> str:
        return self.rule.meaning if self.rule else ""

    @property
    def help_url(self) -> str:
        """The page that explains the refusal."""
        return reverse("refusals:page", args=[self.name]) if self.name in REFUSALS else ""


@dataclass(frozen=True)
class Held:
    """How many seconds an answer was held, and by which setting (Exchange's name)."""

    seconds: int
    setting: str


@dataclass(frozen=True)
class Line:
    """One event. `offset` counts milliseconds from the session's start, None when its time cannot be read. `answers` is
    the command that a reply belongs to, where it is not the line above: clients may send several commands at once.
    `held` is the tarpit that held a reply.
    """

    number: int
    offset: int | None
    event: str
    data: str
    context: str
    decision: Decision | None
    answers: str = ""
    held: Held | None = None

    @property
    def refused(self) -> bool:
        return self.event == ">" and self.data[:1] in ("4", "5")

    @property
    def side(self) -> str:
        return SIDES.get(self.event, "note")

    @property
    def meaning(self) -> str:
        return MARKS.get(self.event, self.event)

    @property
    def clock(self) -> str:
        """`5 153`: thousands apart, the way the page shows offsets."""
        return "" if self.offset is None else f"{self.offset:,}".replace(",", "\u202f")


def lines(session: Session) -> list[Line]:
    """The session's events. A malformed event is shown as far as it goes."""
    found = [_line(session, number, event) for number, event in enumerate(session.events)]
    waiting: deque[Line] = deque()
    above: Line | None = None
    held: Held | None = None
    for place, line in enumerate(found):
        tarpit = _tarpit(line)
        if tarpit is not None:
            held = tarpit
            continue
        if line.event == "<":
            waiting.append(line)
        elif line.event == ">":
            command = waiting.popleft() if waiting else above
            answers = "" if command is None or command is above else command.data
            found[place] = replace(line, answers=answers, held=held)
            held = None
        above = line
    return found


def _tarpit(line: Line) -> Held | None:
    """What a line says about the answer that comes next, if it is the tarpit's."""
    found = _TARPIT.match(line.data) if line.event == "*" else None
    if found is None:
        return None
    hours, minutes, seconds = map(int, found.groups())
    return Held(hours * 3600 + minutes * 60 + seconds, line.context)


def decisions(session: Session) -> list[tuple[Line, Decision]]:
    """The refusals that name their rule."""
    return [(line, line.decision) for line in lines(session) if line.decision and line.refused]


def _line(session: Session, number: int, event: list) -> Line:
    time, mark, data, context = ([str(part) for part in event] + ["", "", "", ""])[:4]
    found = _CONTEXT.fullmatch(context)
    decision = Decision(found["rule"], int(found["revision"]), _plain(found["matched"] or "")) if found else None
    return Line(number, _offset(session.started_at, time), mark, _text(session, mark, data, context), context, decision)


def _plain(text: str) -> str:
    """What an administrator wrote, as it was before the log had to be ASCII."""
    plain = _ESCAPED.sub(lambda found: chr(int(found[1] or found[2] or found[3], 16)), text)
    return plain.encode("utf-8", "replace").decode()


def _text(session: Session, mark: str, data: str, context: str) -> str:
    if mark == "+":
        connected = f"{_endpoint(session)} connected to {session.local_endpoint}"
        return f"{connected}, {context}" if context else connected
    if mark == "-":
        return {"Remote": "closed by the client", "Local": "closed by us"}.get(context, data or "closed")
    return _MANY_LINES.sub(r"\1 ", data, count=1) if mark == ">" else data


def _endpoint(session: Session) -> str:
    address = session.remote_address
    return f"[{address}]:{session.remote_port}" if ":" in address else f"{address}:{session.remote_port}"


def _offset(start: datetime, time: str) -> int | None:
    try:
        passed = datetime.fromisoformat(time) - start
    except (ValueError, TypeError):
        return None
    return max(0, round(passed.total_seconds() * 1000))
