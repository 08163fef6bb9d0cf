"""What is told without being asked."""

import redis
from celery import shared_task
from django.db import OperationalError

from console.overview import alerts


@shared_task(ignore_result=True, throws=(OperationalError, redis.RedisError))
def tell() -> None:
    alerts.tell()


SCHEDULE = {
    "mail what needs attention": {"task": "console.overview.tasks.tell", "schedule": 60.0, "options": {"expires": 60}},
}
