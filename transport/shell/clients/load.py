"""How busy each connector is: connections and messages of this minute, by source; of this node or of all.

The transports of a node count in memory that they share (`master/counts`), exactly. Limits over all nodes count besides
what the others said last through Redis (`shared_counts`), about half a second ago.
"""

from collections import Counter
from contextlib import AbstractContextManager, nullcontext

from transport.config.receive_connector import LimitScope, ReceiveConnector
from transport.receive.admission import Load
from transport.shell.master.counts import Counts as SharedCounts

Counts = dict[str, int]
MOST_AHEAD = 1.0
"""Seconds by which a clock may differ from the others' before its minutes are taken for theirs."""


class ConnectorLoad:
    """Constant work for each connection and message. `elsewhere` holds the counts of other nodes."""

    def __init__(self, shared: SharedCounts | None = None) -> None:
        """`shared`: with the other transports of this node."""
        self.open: Counts = {}
        self._from: dict[tuple[str, str], int] = {}
        self._messages: Counter[str] = Counter()
        self._minute, self._ahead = 0, 0.0
        self._shared = shared
        self.elsewhere: Counts = {}
        self.parts = 1
        """While nothing is heard of the other nodes: of a limit over all of them this one has one of so many parts."""

    def alone(self) -> AbstractContextManager[object]:
        """With it nobody else counts connections, between `of` and `opened`."""
        return self._shared.gauges.lock if self._shared is not None else nullcontext()

    def opened(self, connector: str, source: str) -> None:
        """Only when `alone`."""
        key = connector, source
        self.open[connector] = self.open.get(connector, 0) + 1
        self._from[key] = self._from.get(key, 0) + 1
        if self._shared is not None:
            self._shared.gauges.more(f"open {connector}")
            self._shared.gauges.more(f"from {source} {connector}")

    def closed(self, connector: str, source: str) -> None:
        key = connector, source
        self.open[connector] -= 1
        if not self.open[connector]:
            del self.open[connector]
        self._from[key] -= 1
        if not self._from[key]:
            del self._from[key]
        if self._shared is not None:
            self._shared.gauges.fewer(f"open {connector}")
            self._shared.gauges.fewer(f"from {source} {connector}")

    def of(self, connector: ReceiveConnector, source: str) -> Load:
        """The connections that are open, this one not counted. Only when `alone`."""
        name = connector.name
        in_all, from_source = f"open {name}", f"from {source} {name}"
        connections, ours = self.open.get(name, 0), self._from.get((name, source), 0)
        if self._shared is not None:
            connections += self._shared.gauges.others(in_all)
            ours += self._shared.gauges.others(from_source)
        if connector.limit_scope is LimitScope.Node:
            return Load(connections, ours)
        return Load(
            self._as_all(connections) + self.elsewhere.get(in_all, 0),
            self._as_all(ours) + self.elsewhere.get(from_source, 0),
        )

    def _as_all(self, count: int) -> int:
        """What is open here as if it were everywhere: the next one fits where the limit, divided by the parts, takes
        it. One fits always.
        """
        return (count + 1) * self.parts - 1 if count else 0

    def is_ahead(self, seconds: float) -> None:
        """By how much this clock is ahead of the one by which all nodes count minutes."""
        if abs(seconds - self._ahead) > MOST_AHEAD:
            self._ahead = seconds

    def message(self, connector: ReceiveConnector, key: str, now: float) -> int:
        """Counts one more message under `key`; returns how many this minute (of Unix seconds `now`) has seen."""
        minute = int(now - self._ahead) // 60
        if minute != self._minute:
            self._minute = minute
            self._messages.clear()
        self._messages[key] += 1
        here = self._on_this_node(key, minute)
        if connector.limit_scope is LimitScope.Node:
            return here
        return (here * self.parts if here > 1 else here) + self.elsewhere.get(f"sent {minute} {key}", 0)

    def _on_this_node(self, key: str, minute: int) -> int:
        if self._shared is None:
            return self._messages[key]
        with self._shared.sent as sent:
            since, times = sent.get(key) or (minute, 0)
            if since - minute not in (0, 1):  # those that are a moment ahead have begun the next minute
                since, times = minute, 0
            sent.put(key, since, times + 1)
        return times + 1

    def told(self) -> Counts:
        """What the other nodes need to know of this transport."""
        counts = {f"open {name}": count for name, count in self.open.items()}
        counts |= {f"from {source} {name}": count for (name, source), count in self._from.items()}
        return counts | {f"sent {self._minute} {key}": count for key, count in self._messages.items()}
