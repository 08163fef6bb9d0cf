from importlib import import_module

from django.apps import AppConfig


class QueuesConfig(AppConfig):
    name = "console.queues"
    label = "queues"

    def ready(self) -> None:
        """Tasks that are sent from here belong to our Celery application."""
        import_module("console.celery")
