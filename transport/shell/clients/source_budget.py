"""How often each source has asked for something within a while: the budget against directory harvesting, and others."""

from typing import NamedTuple

MOST_SOURCES = 100_000
"""Beyond that the source that began first is forgotten: memory stays bounded whoever asks."""


class _Asked(NamedTuple):
    since: float
    times: int


class SourceBudget:
    """Counts by source (`endpoint.source_of`)."""

    def __init__(self) -> None:
        self._sources: dict[str, _Asked] = {}

    def over(self, source: str, limit: int | None, interval: int, now: float, *, counts: bool) -> bool:
        """Whether the source has used up its `limit` within `interval` seconds; what `counts` is counted first."""
        if limit is None or not (counts or self._sources):
            return False
        asked = self._sources.get(source)
        if asked is None or not 0 <= now - asked.since < interval:
            self._sources.pop(source, None)
            asked = _Asked(now, 0)
        if counts:
            asked = _Asked(asked.since, asked.times + 1)
            self._sources[source] = asked
            if len(self._sources) > MOST_SOURCES:
                del self._sources[next(iter(self._sources))]
        return asked.times > limit
