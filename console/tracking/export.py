"""Sessions in the format of Exchange's protocol log files (Exchange reference, section 7.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from console.tracking.models import Session
from transport.trace.line import SessionLines, endpoint, field, kept, of_event
from transport.trace.series import RECEIVE, SEND, Series
from transport.trace.sessions import Direction

PIECE = 64 * 1024


def series_of(direction: str) -> Series:
    """The log that holds sessions of a direction."""
    return SEND if direction == Direction.SEND.value else RECEIVE


def exchange_csv(logs: Iterable[tuple[Series, Iterable[Session]]], now: datetime) -> Iterator[str]:
    """Of each log the header lines, then session after session, in pieces of about `PIECE` characters."""
    for series, sessions in logs:
        yield series.header(now.timestamp())
        piece = ""
        for session in sessions:
            piece += "".join(_lines(session))
            if len(piece) > PIECE:
                yield piece
                piece = ""
        yield piece


def _lines(session: Session) -> Iterator[str]:
    whole = session.sends or "\\" in session.connector
    connector = session.connector if whole else f"{session.transport}\\{session.connector}"
    remote = endpoint(session.remote_address, session.remote_port)
    lines = SessionLines(connector, session.session_id, session.local_endpoint, remote)
    for event in session.events:
        date_time, mark, *said = of_event(kept(event))
        yield lines.next(field(date_time), field(mark), *(field(_inert(each)) for each in said))


def _inert(text: str) -> str:
    """Spreadsheets compute a cell that begins like a formula: a space in front keeps a client's words a text."""
    return f" {text}" if text.startswith(("=", "+", "-", "@")) else text
