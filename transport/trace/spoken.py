"""A conversation with a server as a page shows it."""

from __future__ import annotations

import msgspec

from transport.trace.line import Entry


class Spoken(msgspec.Struct, frozen=True):
    """A line of the transcript: `event` as in the protocol log, `+`, `-`, `<`, `>`, `*`; `time` in Unix seconds."""

    event: str
    text: str
    time: float


def spoken(entry: Entry) -> Spoken:
    """An event of a conversation, as the protocol log would have it."""
    time, _session, event, data, _wire, context = entry
    text = data.decode("latin-1") if isinstance(data, bytes) else data
    return Spoken(event, " ".join(filter(None, (text, context))), time)
