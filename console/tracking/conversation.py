"""A session as people read it: who said what when, and why we refused. PURE of the database."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime

from console.tracking.models import Session
from transport.receive.rules import RULES, Rule

_CONTEXT = re.compile(r"(?P<rule>[a-z_]+); revision (?P<revision>\d+)")
_MANY_LINES = re.compile(r"(\d{3})  ")
MARKS = {"+": "connected", "-": "disconnected", ">": "we sent", "<": "the client sent", "*": "information"}
SIDES = {">": "ours", "<": "theirs"}


@dataclass(frozen=True)
class Decision:
    """The rule that a refusal names, and the revision under which it was decided."""

    name: str
    revision: int

    @property
    def rule(self) -> Rule | None:
        return RULES.get(self.name)

    @property
    def words(self) -> str:
        return self.rule.meaning if self.rule else ""


@dataclass(frozen=True)
class Line:
    """One event. `offset` counts milliseconds from the session's start, None when its time cannot be read. `answers` is
    the command that a reply belongs to, where it is not the line above: clients may send several commands at once.
    """

    number: int
    offset: int | None
    event: str
    data: str
    context: str
    decision: Decision | None
    answers: str = ""

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
    for place, line in enumerate(found):
        if line.event == "<":
            waiting.append(line)
        elif line.event == ">" and waiting:
            command = waiting.popleft()
            if found[place - 1] is not command:
                found[place] = replace(line, answers=command.data)
    return found


def decisions(session: Session) -> list[tuple[Line, Decision]]:
    """The refusals that name their rule."""
    return [(line, line.decision) for line in lines(session) if line.decision and line.refused]


def _line(session: Session, number: int, event: list) -> Line:
    time, mark, data, context = ([str(part) for part in event] + ["", "", "", ""])[:4]
    found = _CONTEXT.fullmatch(context)
    decision = Decision(found["rule"], int(found["revision"])) if found else None
    return Line(number, _offset(session.started_at, time), mark, _text(session, mark, data, context), context, decision)


def _text(session: Session, mark: str, data: str, context: str) -> str:
    if mark == "+":
        return f"{_endpoint(session)} connected to {session.local_endpoint}"
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
