"""Periodic work that nobody has taken in time is dropped: by PostgreSQL's clock, which sender and worker share. Celery
itself would have each machine go by its own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import celery
from celery.worker import request
from celery.worker.state import revoked

from console import clock


class Request(request.Request):
    """A task as a worker has got it."""

    def maybe_expire(self) -> Literal[True] | None:
        """Whether it is too late for it."""
        if not self._is_late():
            return None
        clock.look_anew()  # ours may have been set since
        if not self._is_late():
            return None
        revoked.add(self.id)
        return True

    def _is_late(self) -> bool:
        return bool(self.expires) and clock.now() > self.expires


class Task(celery.Task[Any, Any]):
    """Of Celery's tasks that one whose request goes by our clock."""

    Request = f"{Request.__module__}:{Request.__name__}"


class Celery(celery.Celery):
    """Of Celery's applications that one whose tasks are sent and taken by our clock."""

    task_cls = f"{Task.__module__}:{Task.__name__}"

    def now(self) -> datetime:
        """In UTC."""
        return clock.now()
