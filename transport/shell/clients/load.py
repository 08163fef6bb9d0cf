"""How busy each connector is: connections and messages of this minute, by source; of this transport or of all.

Limits over all transports count what the others said last through Redis (`shared_counts`), about half a second ago.
"""

from collections import Counter

from transport.config.receive_connector import LimitScope, ReceiveConnector
from transport.receive.admission import Load

Counts = dict[str, int]


class ConnectorLoad:
    """Constant work for each connection and message. `elsewhere` holds the counts of other transports."""

    def __init__(self) -> None:
        self.open: Counts = {}
        self._from: dict[tuple[str, str], int] = {}
        self._messages: Counter[str] = Counter()
        self._minute = 0
        self.elsewhere: Counts = {}

    def opened(self, connector: str, source: str) -> None:
        key = connector, source
        self.open[connector] = self.open.get(connector, 0) + 1
        self._from[key] = self._from.get(key, 0) + 1

    def closed(self, connector: str, source: str) -> None:
        key = connector, source
        self.open[connector] -= 1
        if not self.open[connector]:
            del self.open[connector]
        self._from[key] -= 1
        if not self._from[key]:
            del self._from[key]

    def of(self, connector: ReceiveConnector, source: str) -> Load:
        """The connections that are open, this one not counted."""
        name = connector.name
        here = Load(self.open.get(name, 0), self._from.get((name, source), 0))
        if connector.limit_scope is LimitScope.Node:
            return here
        far = self.elsewhere
        return Load(
            here.connections + far.get(f"open {name}", 0), here.from_source + far.get(f"from {source} {name}", 0)
        )

    def message(self, connector: ReceiveConnector, key: str, now: float) -> int:
        """Counts one more message under `key`; returns how many this minute (of Unix seconds `now`) has seen."""
        minute = int(now) // 60
        if minute != self._minute:
            self._minute = minute
            self._messages.clear()
        self._messages[key] += 1
        far = self.elsewhere.get(f"sent {minute} {key}", 0) if connector.limit_scope is LimitScope.AllNodes else 0
        return self._messages[key] + far

    def told(self) -> Counts:
        """What the other transports need to know."""
        counts = {f"open {name}": count for name, count in self.open.items()}
        counts |= {f"from {source} {name}": count for (name, source), count in self._from.items()}
        return counts | {f"sent {self._minute} {key}": count for key, count in self._messages.items()}
