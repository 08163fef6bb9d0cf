"""Orders go on by a worker: as a connection to an authority may be slow, by the one that speaks with the outside."""

from celery import shared_task
from django.db import OperationalError

from console.acme import work


@shared_task(acks_late=False, ignore_result=True, throws=(OperationalError,))
def go_on() -> None:
    work.go_on()


SCHEDULE = {
    "order certificates": {
        "task": "console.acme.tasks.go_on",
        "schedule": 5.0,
        "options": {"expires": 5, "queue": "gatepost-outbound"},
    },
}
