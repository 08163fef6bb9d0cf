"""Message tracking as files in Exchange's format (Exchange reference, section 7.2): `MSGTRKyyyymmddhh-n.LOG`.

They follow the table, behind the mail. How long the last file is stands in the database, in the transaction that tells
how far the events are written: what a run that was killed has left behind that length is cut off by the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.db import transaction

from console.tracking import queries
from console.tracking.models import Reader
from console.tracking.queries import Told
from console.tracking.tracked import tracked
from transport import node
from transport.log_files import Limits, LogFiles
from transport.trace.tracking_line import TRACKING, line

LIMITS = Limits(directory_bytes=1000 << 20, age=timedelta(days=30))
AT_ONCE = 5000
"""Events in a run: some 300 ms of work in five seconds, however much mail passes."""


def _of_environment() -> Path:
    return node.home() / "message-tracking" / node.name()


folder: Callable[[], Path] = _of_environment
"""Where they are: on each machine with a worker for periodic work."""


def write() -> int:
    """Write the next events, each once; returns how many. Raises OSError and django.db.OperationalError."""
    name = f"files {node.name()}"
    Reader.objects.get_or_create(name=name)
    with transaction.atomic():
        reader = Reader.objects.select_for_update(skip_locked=True).filter(name=name).first()
        events = queries.settled_after(reader.transaction, reader.event, AT_ONCE) if reader else []
        if reader is not None and events:
            reader.file, reader.size = _append(reader, events)
            reader.transaction, reader.event = events[-1].transaction, events[-1].pk
            reader.save()
        return len(events)


def _append(reader: Reader, events: list[Told]) -> tuple[str, int]:
    files = LogFiles(folder(), TRACKING, LIMITS)
    try:
        files.resume(reader.file, reader.size)
        files.write("".join(line(tracked(event)) for event in events).encode("ascii"))
        return files.sync()
    finally:
        files.close()
