"""Celery's beat without a file and without the wall clock: neither a damaged file nor a clock that jumps stops it.

Each node has one. That whose turn it is sends the work; the others only show that they live.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic
from typing import Any

from celery.beat import Scheduler, SchedulingError
from django.conf import settings

from console.processes.its_turn import LOOK_EVERY, ItsTurn
from transport import service_manager

OF_EACH = frozenset({"console.queues.tasks.turn"})
"""The sign of life."""

log = logging.getLogger(__name__)


class MonotonicScheduler(Scheduler):
    """Sends every task at its start, and then each time its seconds have gone by; `clock` counts seconds, `is_ours`
    says whether it is to send more than its sign of life.
    """

    def __init__(
        self,
        *args: Any,
        clock: Callable[[], float] = monotonic,
        is_ours: Callable[[], bool] | None = None,
        **kwargs: Any,
    ) -> None:
        self._clock = clock
        self._is_ours = is_ours or ItsTurn(settings.DATABASE_URL).follow()
        self._due: dict[str, float] = {}
        self._away = False
        super().__init__(*args, **kwargs)
        service_manager.ready()

    def tick(self, *_: Any, **__: Any) -> float:
        """Send what is due; the seconds until the next tick."""
        service_manager.alive()
        now, is_ours = self._clock(), self._is_ours()
        for name, entry in self.schedule.items():
            if now < self._due.get(name, now):
                continue
            every: Any = entry.schedule
            if is_ours or entry.task in OF_EACH:
                self._due[name] = now + every.run_every.total_seconds()
                self.apply_entry(entry, producer=self.producer)
            else:
                self._due[name] = now + LOOK_EVERY
        return max(0.0, min([now + (self.max_interval or 1), *self._due.values()]) - self._clock())

    def close(self) -> None:
        """Once it is asked to end."""
        service_manager.stopping()
        super().close()

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Redis may be away: one line says so, and the next turn tries again."""
        try:
            self.apply_async(entry, producer=producer, advance=False)
            self._away = False
        except SchedulingError as error:
            if not self._away:
                log.warning("%s", " ".join(str(error).split()))
            self._away = True
