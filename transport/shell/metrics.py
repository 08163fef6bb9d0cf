"""What a transport counts: by minute for the console, in all for Prometheus."""

from collections.abc import Mapping

import msgspec

from transport import node


class Counts(msgspec.Struct):
    """`refused`: connections refused, and MAIL, RCPT or DATA answered 4xx or 5xx."""

    connections: int = 0
    accepted: int = 0
    refused: int = 0


class Traffic(Counts):
    """The counters run on for ever; `by_minute` holds what was not reported yet (Unix minute in seconds → counts)."""

    by_minute: dict[int, Counts] = msgspec.field(default_factory=dict)
    _booked: Counts = msgspec.field(default_factory=Counts)

    def book(self, now: float) -> None:
        """Put what happened since the last call down to this minute; for about once a second."""
        before, self._booked = self._booked, Counts(self.connections, self.accepted, self.refused)
        if before != self._booked:
            minute = self.by_minute.setdefault(int(now) // 60 * 60, Counts())
            minute.connections += self.connections - before.connections
            minute.accepted += self.accepted - before.accepted
            minute.refused += self.refused - before.refused

    def reported(self, minute: int, counts: Counts) -> None:
        """PostgreSQL has these counts; what was added meanwhile stays."""
        left = self.by_minute[minute]
        left.connections -= counts.connections
        left.accepted -= counts.accepted
        left.refused -= counts.refused
        if left == Counts():
            del self.by_minute[minute]


class Told(msgspec.Struct):
    """What one transport tells a scraper."""

    connections: int
    accepted: int
    refused: int
    lost_log_lines: int
    sessions: int
    revision: int


_METRICS = (
    ("connections_total", "counter", "connections"),
    ("messages_accepted_total", "counter", "accepted"),
    ("refused_total", "counter", "refused"),
    ("protocol_log_lines_lost_total", "counter", "lost_log_lines"),
    ("sessions", "gauge", "sessions"),
    ("revision", "gauge", "revision"),
)


def prometheus(told: Mapping[str, Told]) -> str:
    """The text of /metrics (Prometheus exposition format 0.0.4), of transports by name; several have labels."""
    lines = [f'# TYPE gatepost_build_info gauge\ngatepost_build_info{{version="{node.version()}"}} 1\n']
    for name, kind, field in _METRICS:
        lines.append(f"# TYPE gatepost_{name} {kind}\n")
        for transport, values in told.items():
            label = f'{{transport="{_label(transport)}"}}' if len(told) > 1 else ""
            lines.append(f"gatepost_{name}{label} {getattr(values, field)}\n")
    return "".join(lines)


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
