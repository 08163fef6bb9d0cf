"""The viewer forgets sessions when circular logging deletes their files (Exchange reference, section 7.1)."""

from datetime import timedelta

from celery import shared_task
from django.db import OperationalError

from console import clock
from console.tracking import actions, delivery_counts, event_files

KEPT = timedelta(days=30)


@shared_task(ignore_result=True, throws=(OperationalError, OSError))
def write_events() -> None:
    """Message tracking as files, behind the mail."""
    event_files.write()


@shared_task(ignore_result=True, throws=(OperationalError,))
def count_deliveries() -> None:
    """What was delivered, deferred and failed, behind the mail."""
    while delivery_counts.count():
        pass


@shared_task
def forget_old_sessions() -> None:
    actions.forget_before(clock.now() - KEPT)


SCHEDULE = {
    "forget old sessions": {"task": "console.tracking.tasks.forget_old_sessions", "schedule": 3600.0},
    "count deliveries": {
        "task": "console.tracking.tasks.count_deliveries",
        "schedule": 5.0,
        "options": {"expires": 60},
    },
    "write events": {"task": "console.tracking.tasks.write_events", "schedule": 5.0, "options": {"expires": 60}},
}
