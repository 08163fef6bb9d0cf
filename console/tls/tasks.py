"""Reports that come by mail are taken in by a worker that delivers to mailboxes."""

from celery import shared_task
from django.db import OperationalError

from console.tls import intake


@shared_task(ignore_result=True, throws=(OperationalError, OSError))
def take_in_reports() -> None:
    intake.take_in()


SCHEDULE = {
    "take in reports about TLS": {
        "task": "console.tls.tasks.take_in_reports",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
}
