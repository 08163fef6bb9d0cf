"""The Celery application.

An app's tasks.py may define `SCHEDULE`, a table in the form of Celery's `beat_schedule`:
`SCHEDULE = {"deliver due mail": {"task": "console.queues.tasks.deliver_due", "schedule": 1.0}}` (seconds).
"""

import os
import warnings
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from celery.signals import import_modules, setup_logging, worker_ready

from console.processes.expiry import Celery
from transport import memory

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

# Root is left where the unprivileged user cannot read the checkout; no pickled task is accepted anyway.
warnings.filterwarnings("ignore", message="(?s).*superuser privileges")

app = Celery("gatepost")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def log_as_django_does(**_: Any) -> None:
    """Keep the project's one-line log format: a handler here stops Celery from installing its own."""


@import_modules.connect
def collect_schedules(sender: Celery, **_: Any) -> None:
    from django.apps import apps

    for config in apps.get_app_configs():
        if find_spec(f"{config.name}.tasks"):
            schedule = getattr(import_module(f"{config.name}.tasks"), "SCHEDULE", {})
            sender.conf.beat_schedule.update(schedule)


@worker_ready.connect
def settle(**_: Any) -> None:
    """Everything that it needs is loaded."""
    memory.settle()
