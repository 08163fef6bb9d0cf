"""How often each source has asked for something within a while: the budget against directory harvesting, and others."""

from transport.shell.tallies import OwnTallies, Tallies, Tally

MOST_SOURCES = 100_000
"""Beyond that the source that began first is forgotten: memory stays bounded whoever asks."""


class SourceBudget:
    """Counts by source (`endpoint.source_of`). `kind` tells budgets apart that share their tallies."""

    def __init__(self, tallies: Tallies | None = None, kind: str = "") -> None:
        self._tallies, self._kind = tallies or OwnTallies(MOST_SOURCES), kind

    def over(self, source: str, limit: int | None, interval: int, now: float, *, counts: bool) -> bool:
        """Whether the source has used up its `limit` within `interval` seconds; what `counts` is counted first."""
        if limit is None:
            return False
        if not counts:
            return self._asked(source, interval, now)[1] > limit
        with self._tallies as tallies:
            since, times = self._asked(source, interval, now)
            tallies.put(self._kind + source, since, times + 1)
        return times >= limit

    def _asked(self, source: str, interval: int, now: float) -> Tally:
        since, times = self._tallies.get(self._kind + source) or (now, 0)
        return (since, times) if 0 <= now - since < interval else (now, 0)
