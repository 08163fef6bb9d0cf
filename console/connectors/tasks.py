"""What ends by itself."""

from celery import shared_task
from django.db import OperationalError

from console.connectors import actions


@shared_task(ignore_result=True, throws=(OperationalError,))
def end_logging() -> None:
    actions.end_logging()


SCHEDULE = {
    "end protocol logging": {
        "task": "console.connectors.tasks.end_logging",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
}
