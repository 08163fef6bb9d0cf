"""Keys are looked after by a worker."""

from celery import shared_task
from django.db import OperationalError

from console.dkim import actions


@shared_task(throws=(OperationalError,))
def go_on() -> None:
    actions.go_on()


SCHEDULE = {
    "look after DKIM keys": {"task": "console.dkim.tasks.go_on", "schedule": 600.0, "options": {"expires": 600}},
}
