"""The viewer forgets sessions when circular logging deletes their files (Exchange reference, section 7.1)."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from console.tracking import actions

KEPT = timedelta(days=30)


@shared_task
def forget_old_sessions() -> None:
    actions.forget_before(timezone.now() - KEPT)


SCHEDULE = {"forget old sessions": {"task": "console.tracking.tasks.forget_old_sessions", "schedule": 3600.0}}
