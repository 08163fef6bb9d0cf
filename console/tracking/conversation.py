"""A session as people read it: who said what when, and why we refused. PURE of the database."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.crud.said import said
from console.tracking.models import Session
from transport.receive.rules import REFUSALS, RULES, Rule
from transport.trace import line as log
from transport.trace.line import endpoint, held_seconds, in_one_line, kept

MARKS = {"+": _("connected"), "-": _("disconnected"), ">": _("we sent"), "*": _("information")}
SIDES = {">": "ours", "<": "theirs"}


class Decision(log.Decision):
    """A refusal's context, with what the console knows of its rule."""

    @property
    def rule(self) -> Rule | None:
        return RULES.get(self.name)

    @property
    def words(self) -> str:
        return said(self.rule.meaning) if self.rule else ""

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
    `held` is the tarpit that held a reply. `sends`: we have begun the session, with a next hop; `message` is the
    one that its reply answers.
    """

    number: int
    offset: int | None
    event: str
    data: str
    context: str
    decision: Decision | None
    answers: str = ""
    held: Held | None = None
    sends: bool = False
    message: str = ""

    @property
    def is_reply(self) -> bool:
        return self.event == ("<" if self.sends else ">")

    @property
    def is_command(self) -> bool:
        return self.event == (">" if self.sends else "<")

    @property
    def refused(self) -> bool:
        return self.is_reply and self.data[:1] in ("4", "5")

    @property
    def side(self) -> str:
        return SIDES.get(self.event, "note")

    @property
    def meaning(self) -> str:
        if self.event == "<":
            return gettext("the next hop sent") if self.sends else gettext("the client sent")
        return str(MARKS.get(self.event, self.event))

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
    of_message = False
    for place, line in enumerate(found):
        tarpit = _tarpit(line)
        if tarpit is not None:
            held = tarpit
            continue
        if line.is_command:
            waiting.append(line)
        elif line.is_reply:
            # What follows 354 answers the message, which is no line here, whatever was sent behind it.
            command = None if of_message else waiting.popleft() if waiting else above
            of_message = line.data.startswith("354")
            answers = "" if command is None or command is above else command.data
            found[place] = replace(line, answers=answers, held=held)
            held = None
        above = line
    return found


def _tarpit(line: Line) -> Held | None:
    """What a line says about the answer that comes next, if it is the tarpit's."""
    seconds = held_seconds(line.data) if line.event == "*" else None
    return None if seconds is None else Held(seconds, line.context)


def decisions(session: Session) -> list[tuple[Line, Decision]]:
    """The refusals that name their rule."""
    return [(line, line.decision) for line in lines(session) if line.decision and line.refused]


def _line(session: Session, number: int, event: list[Any]) -> Line:
    line = kept(event)
    found = log.decision(line.context)
    decision = Decision(*found) if found else None
    offset = _offset(session.started_at, line.date_time)
    text, message = _text(session, line), log.message_of(line.context)
    return Line(number, offset, line.event, text, line.context, decision, sends=session.sends, message=message)


def _text(session: Session, line: log.Line) -> str:
    if line.event == "+":
        return _connected(session, line)
    if line.event == "-":
        remote = gettext("closed by the next hop") if session.sends else gettext("closed by the client")
        return {"Remote": remote, "Local": gettext("closed by us")}.get(line.context, line.data or gettext("closed"))
    return in_one_line(line.data) if line.event == ("<" if session.sends else ">") else line.data


def _connected(session: Session, line: log.Line) -> str:
    ends = [session.local_endpoint, endpoint(session.remote_address, session.remote_port)]
    connecting, other = ends if session.sends else ends[::-1]
    connected = gettext("%(connecting)s connected to %(other)s") % {"connecting": connecting, "other": other}
    if session.sends:
        return connected
    return f"{connected}, {line.context}" if line.context else connected


def _offset(start: datetime, time: str) -> int | None:
    try:
        passed = datetime.fromisoformat(time) - start
    except (ValueError, TypeError):
        return None
    return max(0, round(passed.total_seconds() * 1000))
