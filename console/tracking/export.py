"""Sessions in the format of Exchange's protocol log files (Exchange reference, section 7.1)."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from console.tracking.models import Session

FIELDS = "date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context"

PIECE = 64 * 1024

_UNPRINTABLE = re.compile(r"[^ -~]")


def exchange_csv(sessions: Iterable[Session], now: datetime) -> Iterator[str]:
    """The header lines, then session after session, in pieces of about `PIECE` characters."""
    stamp = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    header = "#Software: Gatepost", "#Version: 15.0.0.0", "#Log-type: SMTP Receive Protocol Log"
    yield "\r\n".join([*header, f"#Date: {stamp}", f"#Fields: {FIELDS}", ""])
    row = csv.writer(_Echo(), lineterminator="\r\n").writerow
    piece = ""
    for session in sessions:
        piece += "".join(row([_escaped(str(cell)) for cell in cells]) for cells in _rows(session))
        if len(piece) > PIECE:
            yield piece
            piece = ""
    yield piece


def _rows(session: Session) -> Iterator[list[object]]:
    connector = session.connector if "\\" in session.connector else f"{session.transport}\\{session.connector}"
    address = f"[{session.remote_address}]" if ":" in session.remote_address else session.remote_address
    remote = f"{address}:{session.remote_port}"
    for number, event in enumerate(session.events):
        time, mark, data, context = ([*event, "", "", "", ""])[:4]
        facts = time, connector, session.session_id, number, session.local_endpoint, remote, mark
        yield [*facts, _inert(str(data)), _inert(str(context))]


def _inert(text: str) -> str:
    """Spreadsheets compute a cell that begins like a formula: a space in front keeps a client's words a text."""
    return f" {text}" if text.startswith(("=", "+", "-", "@")) else text


def _escaped(text: str) -> str:
    return _UNPRINTABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text
