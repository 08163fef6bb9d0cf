from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from console.processes.home import HomeError
from console.processes.supervisor import Supervisor


class Command(BaseCommand):
    help = "Start every process of this copy and keep it running until Ctrl-C."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            Supervisor(settings.HOME).run()
        except HomeError as error:
            raise CommandError(str(error)) from error
