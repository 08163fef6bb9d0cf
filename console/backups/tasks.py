"""Scheduled backups: a worker looks whether one is due, and starts a process for it."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

from celery import shared_task
from django.conf import settings
from django.db import OperationalError

from console.backups import actions
from console.backups.scheduled import LOCK

SCHEDULE = {
    "see whether a backup is due": {"task": "console.backups.tasks.look", "schedule": 15.0, "options": {"expires": 15}},
}


@shared_task(acks_late=False, ignore_result=True, throws=(OperationalError,))
def look() -> None:
    """Waits for what it has started: a process that nobody waits for stays in the table of processes."""
    actions.end_cut_short(LOCK)
    node = settings.GATEPOST_NODE
    if run := actions.begin(node, datetime.now(UTC)):
        _start("--run", run.pk)
    elif run := actions.begin_check(node):
        _start("--check-run", run.pk)


def _start(what: str, number: int) -> None:
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "backup", what, str(number)]
    subprocess.run(command, check=False, stdin=subprocess.DEVNULL, start_new_session=True)
