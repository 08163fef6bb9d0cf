"""Records are kept for as long as SessionRecordMaxAge says."""

from datetime import timedelta

from celery import shared_task
from django.db import OperationalError

from console import clock
from console.publishing import queries as publishing
from console.replay import actions


@shared_task(ignore_result=True, throws=(OperationalError,))
def forget_old_records() -> None:
    kept = publishing.saved().transport_config.session_record_max_age
    actions.forget_before(clock.now() - timedelta(seconds=kept))


SCHEDULE = {
    "forget old session records": {
        "task": "console.replay.tasks.forget_old_records",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
}
