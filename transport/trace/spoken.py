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


class Transcript:
    """The lines of a conversation while it goes on, at most so many."""

    def __init__(self, most: int) -> None:
        self.lines: list[Spoken] = []
        self._most = most

    def add(self, entry: Entry) -> None:
        """An event of it; one too many is left out."""
        if len(self.lines) < self._most:
            self.lines.append(spoken(entry))
