"""What was counted by the minute is gathered into hours."""

from celery import shared_task
from django.db import OperationalError

from console.publishing import counts


@shared_task(ignore_result=True, throws=(OperationalError,))
def gather_counts() -> None:
    counts.gather()


SCHEDULE = {
    "gather counts": {"task": "console.publishing.tasks.gather_counts", "schedule": 300.0, "options": {"expires": 60}},
}
