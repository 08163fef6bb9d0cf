"""The sessions that are open now: asked of the transports, which tell of them while somebody looks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console import clock
from console.publishing import queries as publishing
from console.tracking import actions
from console.tracking.models import Look, Looked
from transport.trace.open_session import OpenSession

PATIENCE = 1.0
"""Seconds that a page waits for transports which have not told anything yet."""
FRESH = timedelta(seconds=5)
SHOWN = 200

DOING: dict[str, str | Promise] = {
    "greeting": _("is greeted"),
    "commands": _("may send commands"),
    "message": _("sends a message"),
    "storing": _("waits: its message is stored"),
    "look-up": _("waits for DNS"),
    "signing in": _("signs in"),
    "pick-up": _("asks for mail that is kept"),
    "tarpit": _("waits: the answer is held"),
    "handshake": _("negotiates TLS"),
    "turned": _("receives mail that is kept"),
    "closing": _("is told goodbye"),
}


@dataclass(frozen=True)
class Row:
    """An open session, and the transport that has it."""

    session: OpenSession
    transport: str

    @property
    def began(self) -> datetime:
        return datetime.fromtimestamp(self.session.began, UTC)

    @property
    def doing(self) -> str:
        return str(DOING.get(self.session.doing, self.session.doing))


@dataclass(frozen=True)
class Open:
    """The longest open sessions first; `left_out` more are not told; of `silent` transports nothing is known."""

    rows: list[Row] = field(default_factory=list)
    matching: int = 0
    silent: list[str] = field(default_factory=list)

    @property
    def left_out(self) -> int:
        return self.matching - len(self.rows)


def opened(connector: str, client: str) -> Open:
    """The open sessions of a connector, of clients whose address begins so; empty texts stand for all."""
    look, is_new = actions.look(connector, client)
    running = {each.name for each in publishing.running()}
    if is_new:
        actions.wait_until(lambda: running <= {each.transport for each in _told(look)}, PATIENCE)
    told = [each for each in _told(look) if each.transport in running]
    rows = [Row(session, each.transport) for each in told for session in _sessions(each)]
    rows.sort(key=lambda row: row.session.began)
    silent = sorted(running - {each.transport for each in told})
    return Open(rows[:SHOWN], sum(each.matching for each in told), silent)


def find(session_id: str) -> Row | None:
    """A session that somebody has looked at lately."""
    told = Looked.objects.filter(told_at__gte=clock.now() - FRESH)
    every = (Row(session, each.transport) for each in told for session in _sessions(each))
    return next((row for row in every if row.session.session_id == session_id), None)


def _told(look: Look) -> list[Looked]:
    return list(Looked.objects.filter(look_id=look.pk, told_at__gte=clock.now() - FRESH))


def _sessions(told: Looked) -> list[OpenSession]:
    return msgspec.convert(told.sessions, list[OpenSession])
