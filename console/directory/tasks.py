"""Imports run in a worker, so that a page never waits for them."""

from celery import shared_task
from django.db import OperationalError

from console.directory import importing
from console.directory.queries import unfinished


@shared_task
def run_import(pk: int) -> None:
    importing.run(pk)


@shared_task(throws=(OperationalError,))
def run_unfinished_imports() -> None:
    """Takes up imports whose task was lost, or whose worker died."""
    for job in unfinished():
        importing.run(job.pk)


SCHEDULE = {
    "run unfinished imports": {
        "task": "console.directory.tasks.run_unfinished_imports",
        "schedule": 5.0,
        "options": {"expires": 60},
    }
}
