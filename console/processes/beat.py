"""Celery's beat without a file and without the wall clock: neither a damaged file nor a clock that jumps stops it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic
from typing import Any

from celery.beat import Scheduler, SchedulingError

from transport import service_manager

log = logging.getLogger(__name__)


class MonotonicScheduler(Scheduler):
    """Sends every task at its start, and then each time its seconds have gone by; `clock` counts seconds."""

    def __init__(self, *args: Any, clock: Callable[[], float] = monotonic, **kwargs: Any) -> None:
        self._clock = clock
        self._due: dict[str, float] = {}
        self._away = False
        super().__init__(*args, **kwargs)
        service_manager.ready()

    def tick(self, *_: Any, **__: Any) -> float:
        """Send what is due; the seconds until the next tick."""
        service_manager.alive()
        now = self._clock()
        for name, entry in self.schedule.items():
            if now >= self._due.get(name, now):
                every: Any = entry.schedule
                self._due[name] = now + every.run_every.total_seconds()
                self.apply_entry(entry, producer=self.producer)
        return max(0.0, min([now + (self.max_interval or 1), *self._due.values()]) - self._clock())

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Redis may be away: one line says so, and the next turn tries again."""
        try:
            self.apply_async(entry, producer=producer, advance=False)
            self._away = False
        except SchedulingError as error:
            if not self._away:
                log.warning("%s", " ".join(str(error).split()))
            self._away = True
