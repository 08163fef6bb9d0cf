"""What was counted by the minute is gathered into hours, and what nobody confirmed goes back."""

from celery import shared_task
from django.db import OperationalError

from console.publishing import counts, trial


@shared_task(ignore_result=True, throws=(OperationalError,))
def gather_counts() -> None:
    counts.gather()


@shared_task(ignore_result=True, throws=(OperationalError,))
def end_trial() -> None:
    trial.end()


SCHEDULE = {
    "go back to what was confirmed": {
        "task": "console.publishing.tasks.end_trial",
        "schedule": 2.0,
        "options": {"expires": 10},
    },
    "gather counts": {"task": "console.publishing.tasks.gather_counts", "schedule": 300.0, "options": {"expires": 60}},
}
